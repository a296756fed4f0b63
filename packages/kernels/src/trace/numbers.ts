import { KernelError } from '../errors.ts';
import { describeTensor } from './describe.ts';
import { operationTitle } from './operation.ts';
import { elementCount, type TensorData } from './shape.ts';
import type { Node, Tensor } from './trace.ts';

/** A bound that the elements of a tensor stay below, and the operation that needs it. */
export interface NumberBound {
  readonly bound: number;
  readonly operation: string;
}

/** The lowest bound of each tensor that operations take numbers of rows or classes from, reshaped or as it is. */
export function numberBounds(nodes: readonly Node[]): ReadonlyMap<Tensor, NumberBound> {
  const bounds = new Map<Tensor, NumberBound>();
  for (const node of nodes) {
    const numbers = node.operation.numbers?.(node);
    if (numbers === undefined) continue;
    const tensor = reshapedFrom(node.inputs[numbers.input]);
    const { bound } = numbers;
    if (bound < (bounds.get(tensor)?.bound ?? Number.POSITIVE_INFINITY)) {
      bounds.set(tensor, { bound, operation: operationTitle(node.operation, node.attributes) });
    }
  }
  return bounds;
}

/** @throws KernelError `range` naming the first number that is not below the bound, and its place */
export function requireBelow({ bound, operation }: NumberBound, tensor: Tensor, data: TensorData): void {
  const index = data.findIndex((number) => number >= bound);
  if (index < 0) return;
  throw new KernelError(
    'range',
    `write: ${describeTensor(tensor)}: number ${index} is ${data[index]}, but ${operation} needs all to be below ${bound}.`,
  );
}

function reshapedFrom(tensor: Tensor): Tensor {
  if (tensor.source.kind !== 'node') return tensor;
  const { operation, inputs } = tensor.source.node;
  const isWhole = operation.alias !== undefined && elementCount(inputs[0].shape) === elementCount(tensor.shape);
  return isWhole ? reshapedFrom(inputs[0]) : tensor;
}
