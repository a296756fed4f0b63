import { KernelError } from '../errors.ts';

/** Sizes from the slowest to the fastest axis (row-major); a scalar is []. */
export type Shape = readonly number[];

/** Type of the elements of a tensor. */
export type DataType = 'f32' | 'u32';

/** A tensor's elements on the host, row-major: floats for f32, whole numbers for u32. */
export type TensorData = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** Both data types take four bytes, so that element counts and byte counts differ by this factor everywhere. */
export const BYTES_PER_ELEMENT = 4;

/** Bytes that elements take where they are stored, in 16 bits if `half`; whole words, as bindings must be. */
export function storedBytes(elements: number, half: boolean): number {
  return half ? Math.ceil(elements / 2) * BYTES_PER_ELEMENT : elements * BYTES_PER_ELEMENT;
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** A shape as messages show it: "[2, 3]". */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Throws a `shape` error unless every size is a whole number of at least 1: empty tensors do not exist here. */
export function requireSizes(shape: Shape, what: string): void {
  if (shape.every((size) => Number.isInteger(size) && size >= 1)) return;
  throw new KernelError('shape', `${what}: sizes must be whole numbers from 1 on, got ${formatShape(shape)}.`);
}
