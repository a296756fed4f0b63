import { pcg3d } from '../../src/index.ts';

/**
 * The one table of tolerances: |actual - expected| <= absolute + relative |expected|.
 * f32 has 24 bits (6e-8 relative); sums of K terms lose about sqrt(K) of that, transcendentals on software adapters
 * about 4e-7 (llvmpipe's exp and tanh are approximations).
 */
export const TOLERANCE = {
  elementwise: { absolute: 2e-6, relative: 1e-5 },
  reduction: { absolute: 1e-5, relative: 1e-4 },
  /** Gradients against central differences of the float64 reference with a step of 1e-5, itself good to 1e-8. */
  gradient: { absolute: 5e-5, relative: 1e-3 },
  /**
   * Values stored in 16 bits against those in 32, relative to the largest: rounding changes a number by up to 2^-11 of
   * itself, and the sums and products of a case add up some of that.
   */
  half: { absolute: 1e-3, relative: 1e-2 },
} as const;

/** Fails naming the first element that is off. Plain errors, so that the same checks run in a browser page. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute, relative }: { absolute: number; relative: number },
  what: string,
): void {
  if (actual.length !== expected.length) {
    throw new Error(`${what}: ${actual.length} elements, expected ${expected.length}`);
  }
  for (let index = 0; index < expected.length; index++) {
    const distance = Math.abs(actual[index] - expected[index]);
    if (!(distance <= absolute + relative * Math.abs(expected[index]))) {
      throw new Error(`${what}: element ${index} is ${actual[index]}, expected ${expected[index]}`);
    }
  }
}

/** Deterministic numbers in [low, high). */
export function randomNumbers(count: number, seed: number, low = -1, high = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, index) => low + ((high - low) * pcg3d(index, 77, seed)[0]) / 2 ** 32);
}

/** Deterministic integers in [0, bound). */
export function randomIds(count: number, seed: number, bound: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, index) => pcg3d(index, 78, seed)[1] % bound);
}
