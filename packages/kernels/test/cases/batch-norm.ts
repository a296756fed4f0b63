import { batchNorm, batchNormInference, type Shape, unary } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

/** Mean and variance (by count) of each channel, the last axis. */
export function channelMoments(x: Reference): { mean: number; variance: number }[] {
  const channels = x.shape[x.shape.length - 1];
  return Array.from({ length: channels }, (_, channel) => {
    const values = x.data.filter((_value, index) => index % channels === channel);
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    return { mean, variance: values.reduce((total, value) => total + (value - mean) ** 2, 0) / values.length };
  });
}

function normalise(x: Reference, scale: Reference, shift: Reference, moments: ReturnType<typeof channelMoments>) {
  return x.data.map((value, index) => {
    const channel = index % moments.length;
    const { mean, variance } = moments[channel];
    return ((value - mean) / Math.sqrt(variance + 1e-5)) * scale.data[channel] + shift.data[channel];
  });
}

/** One row, few and many rows (cut into parts, the last one short), with and without vec4 channels. */
const shapes: readonly Shape[] = [[1, 2], [5, 3], [2, 3, 2, 4], [70, 1], [35, 8], [4]];

const training: readonly OperationCase[] = shapes.map((shape) => {
  const channels = shape.slice(-1);
  return {
    name: `[${shape}] by its own statistics`,
    shapes: [shape, channels, channels],
    build: ([x, scale, shift]) => batchNorm(x, scale, shift).output,
    reference: ([x, scale, shift]) => normalise(x, scale, shift, channelMoments(x)),
    tolerance: TOLERANCE.reduction,
  };
});

const inference: readonly OperationCase[] = [
  [2, 3, 2, 4],
  [5, 3],
].map((shape) => {
  const channels = shape.slice(-1);
  return {
    name: `[${shape}] by given statistics`,
    shapes: [shape, channels, channels, channels, channels],
    // Any variance that is never negative: exp of the input.
    build: ([x, scale, shift, mean, log]) => batchNormInference(x, scale, shift, { mean, variance: unary('exp', log) }),
    reference: ([x, scale, shift, mean, log]) => {
      const moments = Array.from(mean.data, (value, at) => ({ mean: value, variance: Math.exp(log.data[at]) }));
      return normalise(x, scale, shift, moments);
    },
    tolerance: TOLERANCE.reduction,
  };
});

export const batchNormCases: readonly OperationCase[] = [...training, ...inference];
