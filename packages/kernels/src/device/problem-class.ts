import type { Choice, Variant } from '../kernels/kernel.ts';
import type { PlannedDispatch } from '../plan/placement.ts';

/** Sizes up to here (batches of one, strides, kernels of a convolution) are counted exactly. */
const EXACT = 8;

/**
 * What winners are remembered by: equal text, equal winner. Problems whose sizes round to the same powers of two are of
 * one class if they lie alike in memory and have the same variants, so that what is remembered by an older version,
 * which had others, is not mistaken for an answer.
 *
 * @param usable the variants among which there is a choice on this device
 */
export function problemClass({ uses }: PlannedDispatch, choice: Choice, usable: readonly Variant[]): string {
  // What is stored in 16 bits, or lies in textures, is another problem.
  const storage = uses.map(({ half, image }) => (image !== undefined ? 't' : half ? 'h' : 'f')).join('');
  const sizes = choice.problem.replace(/\d+/g, (size) => rounded(Number(size)));
  return `${sizes} ${storage}: ${usable.map((variant) => variantName(variant, choice)).join(', ')}`;
}

/** "matmul NN 512x512x512 tile 8x8" -> "tile 8x8": what a variant is called in every problem. */
export function variantName({ kernel }: Variant, { problem }: Choice): string {
  return kernel.label.startsWith(`${problem} `) ? kernel.label.slice(problem.length + 1) : kernel.label;
}

/** 512 for 400 to 720; 32+ for 38, whose rows are not whole vec4s and are loaded in another way. */
function rounded(size: number): string {
  if (size <= EXACT) return `${size}`;
  return `${2 ** Math.round(Math.log2(size))}${size % 4 === 0 ? '' : '+'}`;
}
