import { CallSite } from './call-site.ts';
import type { Graph, Node } from './graph.ts';
import type { Arena, Slot } from './memory.ts';
import { type Operation, onceDifferentiable } from './operation.ts';
import { copy } from './operations/copy.ts';
import type { Block } from './packing.ts';
import type { Tensor } from './tensor.ts';

/**
 * What a plan stores in 16 bits (IEEE 754 binary16), where the device has the feature `shader-f16`. Kernels compute in
 * 32 bits all the same: they convert what they load and store. Micikevicius et al., "Mixed Precision Training", arXiv
 * 1710.03740; gradients stay in 32 bits here, so that no loss scaling is needed.
 */
export interface HalfPrecision {
  /** Values that are kept from the forward to the backward pass: half their memory. */
  readonly activations?: boolean;
  /**
   * A copy of the parameters, made anew in each run from the master weights in 32 bits, which the optimiser changes: kernels
   * read half the bytes, for half as much memory again as the parameters take.
   */
  readonly weights?: boolean;
}

/**
 * Whether a block of memory can be stored in 16 bits: what is kept from the forward to the backward pass for nothing else.
 *
 * @param nodes those of the plan; nodes of a backward pass have an origin
 */
export function isKeptActivation({ first, last, slot, tensors }: Block, nodes: readonly Node[]): boolean {
  if (slot !== undefined || last >= nodes.length || tensors.some(({ dtype }) => dtype !== 'f32')) return false;
  return nodes[first].origin === undefined && nodes[last].origin !== undefined;
}

/**
 * The nodes with reads of parameters turned into reads of a copy of their arena, which is to be stored in 16 bits. What runs
 * after the first change of an arena reads the master weights.
 *
 * @returns the nodes, and the copies
 */
export function withHalfWeights(graph: Graph, nodes: readonly Node[]): { nodes: Node[]; copies: Tensor[] } {
  const site = new CallSite();
  const before: Node[] = [];
  const copies = new Map<Arena, Tensor>();
  const views = new Map<Slot, Tensor>();
  const apply = (operation: Operation<never>, attributes: unknown, input: Tensor, shape: readonly number[]): Tensor => {
    const outputs: Tensor[] = [];
    const erased = operation as Operation<unknown>;
    const node: Node = { operation: erased, attributes, inputs: [input], outputs, site, origin: undefined };
    outputs.push(graph.tensor(shape, 'f32', { kind: 'node', node, output: 0 }));
    before.push(node);
    return outputs[0];
  };
  const viewOf = (slot: Slot): Tensor => {
    const { arena, offset, shape } = slot;
    const whole = copies.get(arena) ?? apply(roundOperation, {}, graph.flat(arena), [arena.elements]);
    copies.set(arena, whole);
    const view = views.get(slot) ?? apply(slotViewOperation, { offset }, whole, shape);
    views.set(slot, view);
    return view;
  };
  const changed = new Set<Arena>();
  const rewritten = nodes.map((node) => {
    const target = node.operation.target?.(node);
    const writes = node.operation.changesInputs === true;
    const inputs = node.inputs.map((input) => {
      if (input.source.kind !== 'slot') return input;
      const { slot } = input.source;
      if (writes) changed.add(slot.arena);
      const isWeight = slot.arena.category === 'parameters' && slot.arena.slots.includes(slot);
      return isWeight && !changed.has(slot.arena) ? viewOf(slot) : input;
    });
    if (target !== undefined) changed.add(target.arena);
    return { ...node, inputs };
  });
  return { nodes: [...before, ...rewritten], copies: [...copies.values()] };
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
