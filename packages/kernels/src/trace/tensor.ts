import type { CallSite } from '../call-site.ts';
import { KernelError } from '../errors.ts';
import type { Graph, Node } from './graph.ts';
import type { Slot } from './memory.ts';

/** Sizes from the slowest to the fastest axis (row-major); a scalar is []. */
export type Shape = readonly number[];

export type DataType = 'f32' | 'u32';
export type TensorData = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Both data types take four bytes, so that element counts and byte counts differ by this factor everywhere. */
export const BYTES_PER_ELEMENT = 4;

/** Bytes that elements take where they are stored, in 16 bits if `half`; whole words, as bindings must be. */
export function storedBytes(elements: number, half: boolean): number {
  return half ? Math.ceil(elements / 2) * BYTES_PER_ELEMENT : elements * BYTES_PER_ELEMENT;
}

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

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Throws a `shape` error unless every size is a whole number of at least 1: empty tensors do not exist here. */
export function requireSizes(shape: Shape, what: string): void {
  if (shape.every((size) => Number.isInteger(size) && size >= 1)) return;
  throw new KernelError('shape', `${what}: sizes must be whole numbers from 1 on, got ${formatShape(shape)}.`);
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
