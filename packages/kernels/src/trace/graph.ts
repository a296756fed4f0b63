import { CallSite } from '../call-site.ts';
import { KernelError } from '../errors.ts';
import { requireShape } from './checks.ts';
import { dataTypeOf, requireData } from './data.ts';
import { describeTensor } from './describe.ts';
import type { Arena, Slot } from './memory.ts';
import { operationTitle } from './operation.ts';
import { type DataType, requireSizes, type Shape, type TensorData } from './shape.ts';
import { RandomStreams } from './streams.ts';
import type * as trace from './trace.ts';
import type { Node, Operation, Segment, Source, Tensor } from './trace.ts';
import { changeableMemory } from './views.ts';

export type Graph = trace.Graph;

/** An empty trace. */
export const Graph: new () => Graph = class implements Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Tensor[] = [];
  readonly segments: Segment[] = [];
  readonly backward = new Map<Node, readonly Node[]>();
  readonly #slots = new Map<Slot, Tensor>();
  readonly #streams = new RandomStreams();
  #origin: Node | undefined;
  #nextId = 0;

  input(shape: Shape, dtype: DataType = 'f32'): Tensor {
    return this.#addInput(shape, dtype, undefined);
  }

  constant(data: TensorData, shape: Shape): Tensor {
    const dtype = dataTypeOf(data, 'constant');
    requireData(data, dtype, shape, 'constant');
    return this.#addInput(shape, dtype, data);
  }

  variable(slot: Slot): Tensor {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const tensor = this.tensor(slot.shape, slot.arena.dtype, { kind: 'slot', slot });
    this.#slots.set(slot, tensor);
    return tensor;
  }

  variables(arena: Arena): Tensor[] {
    return arena.slots.map((slot) => this.variable(slot));
  }

  flat(arena: Arena): Tensor {
    requireSizes([arena.elements], `flat of arena ${arena.name}`);
    const slot: Slot = { arena, name: arena.name, shape: [arena.elements], offset: 0 };
    return this.tensor(slot.shape, arena.dtype, { kind: 'slot', slot });
  }

  checkpoint<Result>(trace: () => Result): Result {
    const first = this.nodes.length;
    const result = trace();
    this.segments.push({ first, end: this.nodes.length });
    return result;
  }

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

  onBehalfOf<Result>(origin: Node, apply: () => Result): Result {
    const before = this.#origin;
    this.#origin = origin;
    try {
      return apply();
    } finally {
      this.#origin = before;
    }
  }

  tensor(shape: Shape, dtype: DataType, source: Source): Tensor {
    return { graph: this, id: this.#nextId++, shape, dtype, source };
  }

  #addInput(shape: Shape, dtype: DataType, initial: TensorData | undefined): Tensor {
    requireSizes(shape, 'input');
    const tensor = this.tensor(shape, dtype, { kind: 'input', initial, site: new CallSite() });
    this.inputs.push(tensor);
    return tensor;
  }
};

/** For callers in JavaScript, who may pass a number where a tensor is needed. @throws KernelError `data-type` */
function requireTensors(operation: string, inputs: readonly unknown[]): void {
  const place = inputs.findIndex((input) => !(typeof input === 'object' && input !== null && 'graph' in input));
  if (place < 0) return;
  const got = typeof inputs[place] === 'object' ? 'another object' : String(inputs[place]);
  const remedy = 'make a tensor of numbers by graph.constant';
  throw new KernelError('data-type', `${operation}: input ${place} must be a tensor, got ${got}; ${remedy}.`);
}
