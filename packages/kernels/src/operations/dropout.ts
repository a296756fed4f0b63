import { KernelError } from '../errors.ts';
import { elementwiseOperation } from '../kernels/elementwise.ts';
import { wgslFloat } from '../kernels/kernel.ts';
import { PCG_WGSL } from '../kernels/random.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { elementCount } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';

/** A mask compares 32 random bits with the share to drop, which is hence a multiple of 2^-32. */
const EVERY = 2 ** 32;

/**
 * Inverted dropout (Srivastava et al. 2014): y = x / (1 - p) with probability 1 - p, else 0, where p is the rate to the
 * nearest multiple of 2^-32. A rate of 0 gives x itself; 1 gives zeros, and zero gradients, even where x is not finite.
 *
 * The mask is a hash of (seed, stream, element), so nothing is stored for the backward pass: it draws the same mask.
 *
 * @param x f32
 * @param rate share of elements set to zero, 0 <= rate <= 1
 * @param seed u32 scalar tensor; a new value each step
 * @param stream 0, 1, ..., one for each operation that draws from the seed
 * @throws KernelError `option` for a rate outside its range, `random-stream` where another operation draws from the
 *   stream
 */
export function dropout(x: Tensor, rate: number, seed: Tensor, stream: number): Tensor {
  return rate === 0 ? x : x.graph.apply(dropoutOperation, [x, seed], { rate, stream })[0];
}

export const dropoutOperation = elementwiseOperation<{ rate: number; stream: number }>({
  name: 'dropout',
  draws: ({ stream }) => ({ seed: 1, stream }),
  outputs([x, seed], { rate }) {
    requireType(x, 'f32', 'dropout', 'x');
    requireType(seed, 'u32', 'dropout', 'seed');
    requireShape(elementCount(seed.shape) === 1, 'dropout', 'seed must be a scalar', seed);
    if (!(rate >= 0 && rate <= 1)) throw new KernelError('option', `dropout: 0 <= rate ${rate} <= 1 must hold.`);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  formula({ attributes: { rate, stream } }) {
    const dropped = Math.round(rate * EVERY);
    const kept = `pcg3d(vec3u(index, ${stream}u, seed)).x >= ${dropped}u`;
    return {
      label: 'dropout',
      // The scale is that of the share that is really kept, so that the mean stays for every rate.
      expression: dropped === EVERY ? '0.0' : `select(0.0, x * ${wgslFloat(EVERY / (EVERY - dropped))}, ${kept})`,
      operands: ['x', 'seed'],
      helpers: [PCG_WGSL],
    };
  },
  backward(node, [dy]) {
    const { rate, stream } = node.attributes;
    return [dy === undefined ? undefined : dropout(dy, rate, node.inputs[1], stream), undefined];
  },
});
