import { CallSite } from '../call-site.ts';
import { copy } from '../kernels/copy.ts';
import { type Arena, BINDING_ALIGNMENT, type Slot } from '../trace/memory.ts';
import { changedInputs, onceDifferentiable } from '../trace/operation.ts';
import { BYTES_PER_ELEMENT, storedBytes } from '../trace/shape.ts';
import type { Graph, Node, Operation, Tensor } from '../trace/trace.ts';
import type { MemoryLimits } from './limits.ts';
import type { Block } from './placement.ts';

/**
 * What a plan stores in 16 bits (IEEE 754 binary16), where the device has the feature `shader-f16`. Kernels compute in
 * 32 bits all the same: they convert what they load and store. Micikevicius et al., "Mixed Precision Training", arXiv
 * 1710.03740; gradients stay in 32 bits here, so that no loss scaling is needed.
 */
export interface HalfPrecision {
  /** Values that are kept from the forward to the backward pass: half their memory. */
  readonly activations?: boolean;
  /**
   * A copy of the parameters, made anew in each run from the master weights in 32 bits, which the optimiser changes:
   * kernels read half the bytes, for half as much memory again as the parameters take.
   */
  readonly weights?: boolean;
}

/**
 * Whether a block of memory can be stored in 16 bits: what is kept from the forward to the backward pass for nothing
 * else.
 *
 * @param nodes those of the plan; nodes of a backward pass have an origin
 */
export function isKeptActivation({ first, last, slot, tensors }: Block, nodes: readonly Node[]): boolean {
  if (slot !== undefined || last >= nodes.length || tensors.some(({ dtype }) => dtype !== 'f32')) return false;
  return nodes[first].origin === undefined && nodes[last].origin !== undefined;
}

/**
 * The nodes with reads of parameters turned into reads of a copy of their arena, which is to be stored in 16 bits. What
 * runs after the first change of an arena reads the master weights, and so does who reads a view that cannot be bound
 * in the copy. An arena that is larger than a binding is copied in several parts, each of some neighbouring slots.
 *
 * @returns the nodes, and the copies
 */
export function withHalfWeights(
  graph: Graph,
  nodes: readonly Node[],
  { maxStorageBufferBindingSize }: MemoryLimits,
): { nodes: Node[]; copies: Tensor[] } {
  const site = new CallSite();
  const before: Node[] = [];
  const parts = new Map<Arena, readonly Slot[]>();
  const copies = new Map<Slot, Tensor>();
  const copied = new Map<Tensor, Tensor>();
  const apply = (operation: Operation<never>, attributes: unknown, input: Tensor, shape: readonly number[]): Tensor => {
    const outputs: Tensor[] = [];
    const erased = operation as Operation<unknown>;
    const node: Node = { operation: erased, attributes, inputs: [input], outputs, site, origin: undefined };
    outputs.push(graph.tensor(shape, 'f32', { kind: 'node', node, output: 0 }));
    before.push(node);
    return outputs[0];
  };
  const copyOf = (weight: Tensor, { arena, offset }: Slot): Tensor => {
    const all = parts.get(arena) ?? partsOf(arena, maxStorageBufferBindingSize / BYTES_PER_ELEMENT);
    parts.set(arena, all);
    const part = all.findLast((each) => each.offset <= offset) ?? all[0];
    const copy = copies.get(part) ?? apply(roundOperation, {}, graph.variable(part), part.shape);
    copies.set(part, copy);
    const view = copied.get(weight) ?? apply(slotViewOperation, { offset: offset - part.offset }, copy, weight.shape);
    copied.set(weight, view);
    return view;
  };
  /**
   * Views of weights, with their places. They go on viewing the master weights: whoever reads them is given the copy.
   */
  const views = new Map<Tensor, Slot>();
  const weightOf = (tensor: Tensor): Slot | undefined => {
    if (tensor.source.kind !== 'slot') return views.get(tensor);
    const { slot } = tensor.source;
    const { category, dtype, slots } = slot.arena;
    return category === 'parameters' && dtype === 'f32' && slots.includes(slot) ? slot : undefined;
  };
  const changed = new Set<Arena>();
  const rewritten = nodes.map((node) => {
    const { operation } = node;
    const alias = operation.alias?.(node);
    if (alias !== undefined) {
      const weight = weightOf(node.inputs[alias.input]);
      if (weight !== undefined) views.set(node.outputs[0], { ...weight, offset: weight.offset + alias.offset });
      return node;
    }
    for (const { source } of changedInputs(node)) {
      if (source.kind === 'slot') changed.add(source.slot.arena);
    }
    const inputs = node.inputs.map((input) => {
      const weight = weightOf(input);
      if (weight === undefined || changed.has(weight.arena)) return input;
      return storedBytes(weight.offset, true) % BINDING_ALIGNMENT === 0 ? copyOf(input, weight) : input;
    });
    const target = operation.target?.(node);
    if (target !== undefined) changed.add(target.arena);
    return { ...node, inputs };
  });
  return { nodes: [...before, ...rewritten], copies: [...copies.values()] };
}

/** The arena in parts of at most so many elements, each of whole slots, and of one where that is larger. */
function partsOf({ name, slots, elements }: Arena, most: number): Slot[] {
  const parts: Slot[] = [];
  for (const [index, { arena, offset }] of slots.entries()) {
    const end = slots[index + 1]?.offset ?? elements;
    const last = parts.at(-1);
    if (last !== undefined && end - last.offset <= most) {
      parts[parts.length - 1] = { ...last, shape: [end - last.offset] };
    } else {
      parts.push({ arena, name, shape: [end - offset], offset });
    }
  }
  return parts;
}

const roundOperation: Operation<object> = {
  name: 'weights in 16 bits',
  outputs: ([arena]) => [{ shape: arena.shape, dtype: 'f32' }],
  kernels: ({ inputs, outputs }) => [copy(inputs[0], outputs[0])],
  backward: onceDifferentiable,
};

const slotViewOperation: Operation<{ offset: number }> = {
  name: 'weight',
  outputs: ([arena]) => [{ shape: arena.shape, dtype: 'f32' }],
  alias: ({ attributes }) => ({ input: 0, offset: attributes.offset }),
  kernels: () => [],
  backward: onceDifferentiable,
};
