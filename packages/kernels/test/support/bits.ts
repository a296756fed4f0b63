import { expect } from 'vitest';
import type { TensorData } from '../../src/index.ts';

/** Compared as bytes, since -0 is not 0, and by Buffer.equals, since `toEqual` takes seconds for a megabyte. */
export function expectSameBits(actual: TensorData, expected: TensorData, name: string): void {
  expect(bytes(actual).equals(bytes(expected)), `${name} has the same bits`).toBe(true);
}

function bytes({ buffer, byteOffset, byteLength }: TensorData): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
