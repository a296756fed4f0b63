import { elementwiseOperation } from '../kernels/elementwise.ts';
import { GAUSSIAN_WGSL, PCG_WGSL } from '../kernels/random.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { elementCount, type Shape, sameShape } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { add, multiply, subtract } from './binary.ts';
import { scale, sum } from './sum.ts';
import { unary } from './unary.ts';

/**
 * Independent numbers of N(0, 1), a function of (seed, stream, element) that `gaussian` of random.ts gives on the host.
 *
 * @param seed u32 scalar tensor; a new value each step
 * @param stream 0, 1, ..., one for each operation that draws from the seed
 * @throws KernelError `random-stream` where another operation draws from the stream
 */
export function gaussianNoise(shape: Shape, seed: Tensor, stream: number): Tensor {
  return seed.graph.apply(gaussianNoiseOperation, [seed], { shape, stream })[0];
}

/**
 * Reparameterised sample of N(mean, exp(logVariance)) (Kingma and Welling, arXiv 1312.6114):
 * z = mean + exp(logVariance / 2) noise, so that gradients reach both.
 *
 * @param mean any shape, f32
 * @param logVariance the same shape
 * @param seed u32 scalar tensor; a new value each step
 * @param stream 0, 1, ..., one for each operation that draws from the seed
 * @throws KernelError `random-stream` where another operation draws from the stream
 */
export function gaussianSample(mean: Tensor, logVariance: Tensor, seed: Tensor, stream: number): Tensor {
  const fits = sameShape(mean.shape, logVariance.shape);
  requireShape(fits, 'gaussianSample', 'mean and logVariance must have one shape', mean, logVariance);
  const noise = gaussianNoise(mean.shape, seed, stream);
  return add(multiply(unary('exp', scale(logVariance, 0.5)), noise), mean);
}

/**
 * Kullback-Leibler divergence of N(mean, exp(logVariance)) from N(0, I), in nats, for each row:
 * KL_n = 1/2 sum over z of (exp(logVariance) + mean^2 - 1 - logVariance). With free bits, max(KL_n - freeBits ln 2, 0):
 * what a row may say for free, as MusicVAE counts it, for all of z together.
 *
 * @param mean (N, Z) f32
 * @param logVariance (N, Z)
 * @param options.freeBits bits a row, 0 or more; default 0
 * @returns (N)
 */
export function gaussianDivergence(mean: Tensor, logVariance: Tensor, { freeBits = 0 } = {}): Tensor {
  const fits = mean.shape.length === 2 && sameShape(mean.shape, logVariance.shape);
  requireShape(fits, 'gaussianDivergence', 'mean and logVariance must both be (N, Z)', mean, logVariance);
  requireShape(freeBits >= 0, 'gaussianDivergence', `0 <= freeBits ${freeBits} must hold`, mean);
  // exp(v) - v + mean^2 is 1 at its least, so that the ones are taken off the sum.
  const terms = add(subtract(unary('exp', logVariance), logVariance), unary('square', mean));
  const least = mean.graph.constant(Float32Array.of(mean.shape[1] / 2 + freeBits * Math.LN2), []);
  const divergence = subtract(scale(sum(terms, [1]), 0.5), least);
  return freeBits > 0 ? unary('relu', divergence) : divergence;
}

export const gaussianNoiseOperation = elementwiseOperation<{ shape: Shape; stream: number }>({
  name: 'gaussianNoise',
  draws: ({ stream }) => ({ seed: 0, stream }),
  outputs([seed], { shape }) {
    requireType(seed, 'u32', 'gaussianNoise', 'seed');
    requireShape(elementCount(seed.shape) === 1, 'gaussianNoise', 'seed must be a scalar', seed);
    return [{ shape, dtype: 'f32' }];
  },
  formula: ({ attributes: { stream } }) => ({
    label: 'gaussianNoise',
    expression: `gaussian(vec3u(index, ${stream}u, seed))`,
    operands: ['seed'],
    helpers: [PCG_WGSL, GAUSSIAN_WGSL],
  }),
  backward: () => [undefined],
});
