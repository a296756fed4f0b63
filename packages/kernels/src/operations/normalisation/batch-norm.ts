import { KernelError } from '../../errors.ts';
import { elementwise, singleStep } from '../../kernels/elementwise.ts';
import { wgslFloat } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import type { Slot } from '../../trace/memory.ts';
import { onceDifferentiable, overwritesFirst } from '../../trace/operation.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Operation, Tensor } from '../../trace/trace.ts';
import { add, divide, multiply, subtract } from '../binary.ts';
import { store } from '../store.ts';
import { scale as scaled } from '../sum.ts';
import { unary } from '../unary.ts';
import { channelGradients, inverseDeviation, layoutOf, partMoments, totalMoments } from './batch-norm-kernels.ts';

/** Settings of `batchNorm` and `batchNormInference`. */
export interface BatchNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
}

/** Mean and variance of each channel, (D) each. */
export interface ChannelStatistics<Place> {
  readonly mean: Place;
  readonly variance: Place;
}

/** Result of `batchNorm`: the normalised values (..., D), and the statistics of the batch. */
export interface BatchNorm extends ChannelStatistics<Tensor> {
  readonly output: Tensor;
}

/**
 * Batch normalisation while training (Ioffe and Szegedy, arXiv 1502.03167): each channel is brought to mean 0 and
 * variance 1 over the whole batch, all axes but the last, then scaled and shifted:
 *
 *     y = (x - mean) / sqrt(variance + epsilon) scale + shift,    variance = sum (x - mean)^2 / count
 *
 * @param x (..., D) f32
 * @param scale (D) f32
 * @param shift (D) f32
 * @returns the output, of x's shape, and the batch's statistics for `storeRunningStatistics`; no gradient flows through
 *   those
 */
export function batchNorm(x: Tensor, scale: Tensor, shift: Tensor, options: BatchNormOptions = {}): BatchNorm {
  const { epsilon = 1e-5 } = options;
  const [output, mean, variance] = x.graph.apply(batchNormOperation, [x, scale, shift], { epsilon });
  return { output, mean, variance };
}

/**
 * Batch normalisation by statistics that are given, as when sampling: y = (x - mean) / sqrt(variance + epsilon) scale +
 * shift. Arguments as `batchNorm`; gradients flow into all of them.
 */
export function batchNormInference(
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  { mean, variance }: ChannelStatistics<Tensor>,
  options: BatchNormOptions = {},
): Tensor {
  requireChannels('batchNormInference', x, { scale, shift, mean, variance });
  const { epsilon = 1e-5 } = options;
  const padded = add(variance, x.graph.constant(Float32Array.of(epsilon), []));
  // The mean is taken away first: beside a large one, x times the factor would lose what is left.
  return add(multiply(subtract(x, mean), divide(scale, unary('sqrt', padded))), shift);
}

/**
 * Moves running statistics towards those of a batch: running += rate (batch - running), the variance with Bessel's
 * correction count / (count - 1) as in the paper's algorithm 2. As with `store`, differentiate first. A fresh running
 * mean is 0 and a fresh running variance 1; arenas begin with zeros, so write the ones.
 *
 * @param batch what `batchNorm` returned
 * @param running the slots, (D) each
 * @param rate default 0.1
 */
export function storeRunningStatistics(batch: BatchNorm, running: ChannelStatistics<Slot>, rate = 0.1): void {
  const count = elementCount(batch.output.shape) / elementCount(batch.mean.shape);
  const move = (slot: Slot, value: Tensor, correction: number) =>
    store(add(scaled(value.graph.variable(slot), 1 - rate), scaled(value, rate * correction)), slot);
  move(running.mean, batch.mean, 1);
  move(running.variance, batch.variance, count > 1 ? count / (count - 1) : 1);
}

/** Outputs: y, and mean and variance of each channel. */
export const batchNormOperation: Operation<{ epsilon: number }> = {
  name: 'batchNorm',
  outputs([x, scale, shift]) {
    requireChannels('batchNorm', x, { scale, shift });
    const channels = { shape: scale.shape, dtype: 'f32' } as const;
    return [{ shape: x.shape, dtype: 'f32' }, channels, channels];
  },
  kernels(node, { scratch }) {
    const [x, scale, shift] = node.inputs;
    const [y, mean, variance] = node.outputs;
    const layout = layoutOf(x);
    const partial = [mean, variance].map(() => scratch([layout.parts, layout.channels]));
    const normalise = {
      label: 'batchNorm',
      expression: `(x - mean) * ${inverseDeviation(node.attributes.epsilon)} * scale + shift`,
      operands: ['x', 'mean', 'variance', 'scale', 'shift'],
    };
    return [
      partMoments(layout, x, partial),
      totalMoments(layout, partial, [mean, variance]),
      elementwise([singleStep(normalise)], [x, mean, variance, scale, shift], y),
    ];
  },
  backward(node, [dy, dMean, dVariance], wanted) {
    if (dMean !== undefined || dVariance !== undefined) {
      throw new KernelError(
        'not-differentiable',
        'batchNorm: no gradient flows through the statistics; leave them out of the loss.',
      );
    }
    if (dy === undefined) return [undefined, undefined, undefined];
    const [x, scale] = node.inputs;
    const [, mean, variance] = node.outputs;
    const inputs = [dy, x, mean, variance, scale];
    return dy.graph
      .apply(batchNormGradientOperation, inputs, node.attributes)
      .map((gradient, input) => (wanted[input] ? gradient : undefined));
  },
};

/**
 * With z = (x - mean) / sqrt(variance + epsilon) and sums over the batch: dShift = sum dy, dScale = sum dy z and dx =
 * scale / sqrt(variance + epsilon) (dy - dShift / count - z dScale / count), written over dy where nothing else needs
 * it.
 */
export const batchNormGradientOperation: Operation<{ epsilon: number }> = {
  name: 'batchNormGradient',
  inPlace: overwritesFirst,
  outputs: ([, x, , , scale]) => {
    const channels = { shape: scale.shape, dtype: 'f32' } as const;
    return [{ shape: x.shape, dtype: 'f32' }, channels, channels];
  },
  kernels(node, { overwritten, scratch }) {
    const [dy, x, mean, variance, scale] = node.inputs;
    const [dx, dScale, dShift] = node.outputs;
    const layout = layoutOf(x);
    const totals = [dScale, dShift];
    const r = inverseDeviation(node.attributes.epsilon);
    const slope = {
      label: 'batchNormGradient',
      expression: `scale * ${r} * (dy - (d_shift + (x - mean) * ${r} * d_scale) * ${wgslFloat(1 / layout.rows)})`,
      operands: ['dy', 'x', 'mean', 'variance', 'scale', 'd_scale', 'd_shift'],
    };
    const inputs = [dy, x, mean, variance, scale, ...totals];
    return [
      ...channelGradients(layout, node.attributes.epsilon, [dy, x, mean, variance], totals, scratch),
      elementwise([singleStep(slope)], inputs, dx, overwritten),
    ];
  },
  backward: onceDifferentiable,
};

function requireChannels(operation: string, x: Tensor, channels: Readonly<Record<string, Tensor>>): void {
  requireType(x, 'f32', operation, 'x');
  requireShape(x.shape.length >= 1, operation, 'x must have a last axis', x);
  for (const [name, tensor] of Object.entries(channels)) {
    requireType(tensor, 'f32', operation, name);
    const fits = tensor.shape.length === 1 && tensor.shape[0] === x.shape.at(-1);
    requireShape(fits, operation, `${name} must be [${x.shape.at(-1)}]`, tensor);
  }
}
