import type { CallSite } from '../call-site.ts';
import { KernelError } from '../errors.ts';
import type { Graph, Node } from './graph.ts';
import type { Slot } from './memory.ts';
import { type DataType, formatShape, type Shape, type TensorData } from './shape.ts';

/** Where a tensor's values come from. */
export type Source =
  | { readonly kind: 'node'; readonly node: Node; readonly output: number }
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'input'; readonly initial: TensorData | undefined; readonly site: CallSite };

/** A value of known shape in a graph. It holds no numbers: those exist once a program runs. */
export interface Tensor {
  readonly graph: Graph;
  /** Unique in its graph, rising in the order of creation. */
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DataType;
  readonly source: Source;
}

/** Throws a `shape` error in the words "operation: rule, got [..], [..]" unless the rule holds. */
export function requireShape(holds: boolean, operation: string, rule: string, ...tensors: readonly Tensor[]): void {
  if (holds) return;
  const shapes = tensors.map((tensor) => formatShape(tensor.shape)).join(' and ');
  throw new KernelError('shape', `${operation}: ${rule}, got ${shapes}.`);
}

/** Throws a `data-type` error unless the tensor has the data type. */
export function requireType(tensor: Tensor, dtype: DataType, operation: string, argument: string): void {
  if (tensor.dtype === dtype) return;
  throw new KernelError(
    'data-type',
    `${operation}: ${argument} must be ${dtype}, got ${tensor.dtype} ${formatShape(tensor.shape)}.`,
  );
}
