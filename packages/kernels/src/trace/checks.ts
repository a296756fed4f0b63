import { KernelError } from '../errors.ts';
import { type DataType, formatShape } from './shape.ts';
import type { Tensor } from './trace.ts';

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
