import { elementwiseOperation } from '../kernels/elementwise.ts';
import { noGradient } from '../trace/operation.ts';
import type { DataType } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { requireWord } from '../trace/words.ts';

/**
 * The same numbers in another data type; no gradient flows through it.
 *
 * u32 to f32 is exact up to 2^24; beyond, the result is one of the two nearest floats. f32 to u32 drops the fraction
 * (2.9 gives 2), and keeps to the range: what is negative or NaN gives 0, what is too large gives 2^32 - 256, the
 * largest float below 2^32.
 */
export function cast(x: Tensor, dtype: DataType): Tensor {
  requireWord(dtype, ['f32', 'u32'], 'cast: the data type');
  return x.dtype === dtype ? x : x.graph.apply(castOperation, [x], { dtype })[0];
}

export const castOperation = elementwiseOperation<{ dtype: DataType }>({
  name: 'cast',
  outputs: ([x], { dtype }) => [{ shape: x.shape, dtype }],
  formula: ({ attributes: { dtype } }) => ({
    label: `cast to ${dtype}`,
    // By the bits, because WGSL lets compilers assume that there is no NaN: those of numbers from 0 to infinity are the
    // lowest.
    expression: dtype === 'f32' ? 'f32(x)' : 'select(0u, u32(min(x, 4294967040.0)), bitcast<u32>(x) <= 0x7f800000u)',
    operands: ['x'],
  }),
  backward: noGradient,
});
