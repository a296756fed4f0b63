import { overlaps, type Slot } from './memory.ts';
import type { Node, Tensor } from './trace.ts';

/** For each tensor, the one whose memory it is a view of by the rules of the operations; itself for most. */
export function viewedTensors(nodes: readonly Node[]): (tensor: Tensor) => Tensor {
  const viewed = new Map<Tensor, Tensor>();
  for (const node of nodes) {
    const alias = node.operation.alias?.(node);
    if (alias === undefined) continue;
    const input = node.inputs[alias.input];
    viewed.set(node.outputs[0], viewed.get(input) ?? input);
  }
  return (tensor) => viewed.get(tensor) ?? tensor;
}

/** Memory that operations may change in place: a slot or a part of it, or an input of the graph. */
export type ChangeableMemory = Slot | Tensor;

/** The slot or input that a tensor stands for, was stored in, or is a view of; undefined for computed values. */
export function changeableMemory(tensor: Tensor): ChangeableMemory | undefined {
  const { source, shape } = tensor;
  if (source.kind === 'input') return tensor;
  if (source.kind === 'slot') return source.slot;
  const { node } = source;
  if (node.operation.target !== undefined) return node.operation.target(node);
  const alias = node.operation.alias?.(node);
  const viewed = alias && changeableMemory(node.inputs[alias.input]);
  return viewed !== undefined && 'arena' in viewed
    ? { ...viewed, shape, offset: viewed.offset + (alias?.offset ?? 0) }
    : viewed;
}

/** Whether two pieces of memory have elements in common. */
export function shareMemory(a: ChangeableMemory, b: ChangeableMemory): boolean {
  return 'arena' in a && 'arena' in b ? overlaps(a, b) : a === b;
}

/** The tensor whose first elements a tensor is under another shape; itself for most. */
export function wholeOf(tensor: Tensor): Tensor {
  if (tensor.source.kind !== 'node') return tensor;
  const { node } = tensor.source;
  const alias = node.operation.alias?.(node);
  return alias?.offset === 0 ? wholeOf(node.inputs[alias.input]) : tensor;
}
