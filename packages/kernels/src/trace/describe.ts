import { operationTitle } from './operation.ts';
import { formatShape } from './shape.ts';
import type { Node, Tensor } from './trace.ts';

/**
 * "matmul [2, 3], [3, 4] -> [2, 4]", and for which operation of the forward pass where it belongs to the backward pass.
 */
export function describeNode({ operation, attributes, inputs, outputs, origin }: Node): string {
  const shapes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => formatShape(shape)).join(', ');
  const call = [operationTitle(operation, attributes), shapes(inputs)].filter(Boolean).join(' ');
  const result = outputs.length > 0 ? ` -> ${shapes(outputs)}` : '';
  const purpose =
    origin === undefined ? '' : ` (backward pass of ${operationTitle(origin.operation, origin.attributes)})`;
  return `${call}${result}${purpose}`;
}

/** What a tensor is: the slot or input that it stands for, or the node that computes it. */
export function describeTensor({ source, graph, shape }: Tensor): string {
  if (source.kind === 'slot') return `slot ${source.slot.name} of ${source.slot.arena.name} ${formatShape(shape)}`;
  if (source.kind === 'node') return describeNode(source.node);
  return `input ${graph.inputs.findIndex((input) => input.source === source)} ${formatShape(shape)}`;
}
