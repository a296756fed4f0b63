import { CallSite } from '../call-site.ts';
import { KernelError } from '../errors.ts';
import { dataTypeOf, requireData } from './data.ts';
import { describeTensor } from './describe.ts';
import type { Arena, Slot } from './memory.ts';
import { type Operation, operationTitle } from './operation.ts';
import { type DataType, requireSizes, type Shape, type TensorData } from './shape.ts';
import { RandomStreams } from './streams.ts';
import { requireShape, type Tensor } from './tensor.ts';
import { changeableMemory } from './views.ts';

/** One application of an operation. */
export interface Node<Attributes = unknown> {
  readonly operation: Operation<unknown>;
  readonly attributes: Attributes;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The line that applied it, or its origin. */
  readonly site: CallSite;
  /** In a backward pass, the node of the forward pass that this one differentiates or computes again. */
  readonly origin: Node | undefined;
}

/** Nodes of a trace from `first` up to, and without, `end`. */
export interface Segment {
  readonly first: number;
  readonly end: number;
}

/**
 * A trace: nodes in the order in which they were called, which is the order in which they run. Shapes are known, numbers
 * are not. Differentiation appends to the same trace (gradients.ts); a plan gives it memory (plan.ts).
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Tensor[] = [];
  /** What `checkpoint` marked. */
  readonly segments: Segment[] = [];
  /** The nodes by which `gradients` differentiated each node. */
  readonly backward = new Map<Node, readonly Node[]>();
  readonly #slots = new Map<Slot, Tensor>();
  readonly #streams = new RandomStreams();
  #origin: Node | undefined;
  #nextId = 0;

  /** A tensor that the caller fills before each run. */
  input(shape: Shape, dtype: DataType = 'f32'): Tensor {
    return this.#addInput(shape, dtype, undefined);
  }

  /**
   * A tensor with values known now: one for each element, row-major. The array is read when a program is made.
   *
   * @param data Float32Array for f32, Uint32Array for u32
   * @throws KernelError `data-type` for another kind of array, `shape` for another number of values
   */
  constant(data: TensorData, shape: Shape): Tensor {
    const dtype = dataTypeOf(data, 'constant');
    requireData(data, dtype, shape, 'constant');
    return this.#addInput(shape, dtype, data);
  }

  /** The tensor that stands for a slot of an arena: a parameter, a gradient, a state. */
  variable(slot: Slot): Tensor {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const tensor = this.tensor(slot.shape, slot.arena.dtype, { kind: 'slot', slot });
    this.#slots.set(slot, tensor);
    return tensor;
  }

  /** The tensors that stand for all slots of an arena, in their order. */
  variables(arena: Arena): Tensor[] {
    return arena.slots.map((slot) => this.variable(slot));
  }

  /** A whole arena as one flat tensor, gaps included (they are zero). */
  flat(arena: Arena): Tensor {
    requireSizes([arena.elements], `flat of arena ${arena.name}`);
    const slot: Slot = { arena, name: arena.name, shape: [arena.elements], offset: 0 };
    return this.tensor(slot.shape, arena.dtype, { kind: 'slot', slot });
  }

  /**
   * Marks what `trace` appends as a segment that a backward pass computes again from its inputs, instead of keeping the
   * values in between ("gradient checkpointing", Chen et al., arXiv 1604.06174). The same numbers for less memory and more
   * time, dropout included; the last bit may differ where elementwise work is fused with other neighbours.
   *
   * @returns what `trace` returns
   */
  checkpoint<Result>(trace: () => Result): Result {
    const first = this.nodes.length;
    const result = trace();
    this.segments.push({ first, end: this.nodes.length });
    return result;
  }

  /** Appends an operation and returns its outputs. */
  apply<Attributes>(
    operation: Operation<Attributes>,
    inputs: readonly Tensor[],
    attributes: Attributes,
  ): readonly Tensor[] {
    requireTensors(operationTitle(operation, attributes), inputs);
    const own = inputs.every((input) => input.graph === this);
    requireShape(own, operationTitle(operation, attributes), 'all tensors must belong to one graph', ...inputs);
    const specifications = operation.outputs(inputs, attributes);
    const outputs: Tensor[] = [];
    for (const index of operation.changesInputs ?? []) {
      const input = inputs[index];
      if (input === undefined || changeableMemory(input) !== undefined) continue;
      const rule = `input ${index} is changed in place and must be a variable, an input, or a view of one`;
      throw new KernelError(
        'shape',
        `${operationTitle(operation, attributes)}: ${rule}, got ${describeTensor(input)}.`,
      );
    }
    const origin = this.#origin;
    const site = origin?.site ?? new CallSite();
    const node: Node<Attributes> = { operation, attributes, inputs, outputs, site, origin };
    for (const [output, { shape, dtype }] of specifications.entries()) {
      requireSizes(shape, operation.name);
      outputs.push(this.tensor(shape, dtype, { kind: 'node', node, output }));
    }
    // What a backward pass draws are the numbers of its forward pass again.
    if (origin === undefined) this.#streams.reserve(node);
    this.nodes.push(node);
    return outputs;
  }

  /** For `gradients` only: what is applied meanwhile has this origin. */
  onBehalfOf<Result>(origin: Node, apply: () => Result): Result {
    const before = this.#origin;
    this.#origin = origin;
    try {
      return apply();
    } finally {
      this.#origin = before;
    }
  }

  /** For `Graph` and the planner's scratch only. */
  tensor(shape: Shape, dtype: DataType, source: Tensor['source']): Tensor {
    return { graph: this, id: this.#nextId++, shape, dtype, source };
  }

  #addInput(shape: Shape, dtype: DataType, initial: TensorData | undefined): Tensor {
    requireSizes(shape, 'input');
    const tensor = this.tensor(shape, dtype, { kind: 'input', initial, site: new CallSite() });
    this.inputs.push(tensor);
    return tensor;
  }
}

/** For callers in JavaScript, who may pass a number where a tensor is needed. @throws KernelError `data-type` */
function requireTensors(operation: string, inputs: readonly unknown[]): void {
  const place = inputs.findIndex((input) => !(typeof input === 'object' && input !== null && 'graph' in input));
  if (place < 0) return;
  const got = typeof inputs[place] === 'object' ? 'another object' : String(inputs[place]);
  const remedy = 'make a tensor of numbers by graph.constant';
  throw new KernelError('data-type', `${operation}: input ${place} must be a tensor, got ${got}; ${remedy}.`);
}
