import type { TensorData } from '../../src/index.ts';

/** Compared as bytes: -0 is not 0, and a failure is told without a list of all elements. */
export function bits({ buffer, byteOffset, byteLength }: TensorData): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
