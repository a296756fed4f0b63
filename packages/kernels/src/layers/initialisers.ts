import type { Device } from '../device/device.ts';
import { gaussian, uniformArray } from '../kernels/random.ts';
import type { Arena, Initialiser } from '../trace/memory.ts';
import { elementCount } from '../trace/shape.ts';

/** The same number everywhere: 1 for the scales of norms. Zeros need no initialiser. */
export const filled =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(elementCount(shape)).fill(value);

/**
 * Uniform within sqrt(6 / (fanIn + fanOut)) of 0, which keeps the variance of values and of gradients from layer to
 * layer (Glorot and Bengio, AISTATS 2010, equation 16). TensorFlow's default.
 *
 * @param fanIn how many inputs an output is the sum of
 * @param fanOut how many outputs an input goes to
 */
export const glorotUniform =
  (fanIn: number, fanOut: number): Initialiser =>
  (shape, stream, seed) =>
    uniformArray(elementCount(shape), Math.sqrt(6 / (fanIn + fanOut)), stream, seed);

/**
 * Uniform within sqrt(6 / fanIn) of 0, which keeps the variance of values from layer to layer where each is followed by
 * ReLU, which halves it (He et al., arXiv 1502.01852, equation 10).
 *
 * @param fanIn how many inputs an output is the sum of
 */
export const heUniform =
  (fanIn: number): Initialiser =>
  (shape, stream, seed) =>
    uniformArray(elementCount(shape), Math.sqrt(6 / fanIn), stream, seed);

/** Normally distributed around 0, as GPT-2 has it with a standard deviation of 0.02. */
export const randomNormal =
  (deviation: number): Initialiser =>
  (shape, stream, seed) =>
    Float32Array.from({ length: elementCount(shape) }, (_, index) => deviation * gaussian(index, stream, seed));

/** What each slot of an arena starts from, in order. Same seed, same values. @param seed u32 */
export function startingValues(arena: Arena, seed: number): Float32Array<ArrayBuffer>[] {
  return arena.slots.map(
    ({ shape, initialiser }, stream) => initialiser?.(shape, stream, seed) ?? new Float32Array(elementCount(shape)),
  );
}

/** Puts the starting values of all slots of an arena on a device. @param seed u32 */
export function initialise(device: Device, arena: Arena, seed: number): void {
  for (const [index, values] of startingValues(arena, seed).entries()) device.write(arena.slots[index], values);
}
