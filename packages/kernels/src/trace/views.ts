import type { Node } from './graph.ts';
import type { Tensor } from './tensor.ts';

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
