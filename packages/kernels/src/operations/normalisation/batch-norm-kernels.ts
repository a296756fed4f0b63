import { blockedSums } from '../../kernels/blocked-sums.ts';
import { linearDispatch } from '../../kernels/dispatch.ts';
import { read, rowVectors, wgslFloat, write } from '../../kernels/kernel.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Dispatch, KernelContext, Tensor } from '../../trace/trace.ts';
import { axisSums } from '../axis-sums.ts';
import { partCount } from '../reduction.ts';

/** WGSL of 1 / sqrt(variance + epsilon). */
export const inverseDeviation = (epsilon: number, variance = 'variance') =>
  `inverseSqrt(${variance} + ${wgslFloat(epsilon)})`;

/**
 * Rows of channels, cut into parts so that some thousand threads have work; a thread takes four channels where it can.
 */
export interface ChannelLayout {
  readonly rows: number;
  readonly channels: number;
  readonly parts: number;
}

export function layoutOf(x: Tensor): ChannelLayout {
  const channels = x.shape[x.shape.length - 1];
  const rows = elementCount(x.shape) / channels;
  return { rows, channels, parts: partCount(rowVectors(channels).width, rows) };
}

/**
 * Mean and sum of squared distances from it, for each part and channel. Two passes over a part, because the difference
 * of mean square and squared mean loses the variance where the mean is large; and the mean itself from distances to the
 * part's first row, so that the mean of equal values is that value to the last bit.
 */
export function partMoments(
  { rows, channels, parts }: ChannelLayout,
  x: Tensor,
  [means, squares]: readonly Tensor[],
): Dispatch {
  const chunk = Math.ceil(rows / parts);
  const { vector, type, width } = rowVectors(channels);
  const loop = { type, count: 'count', most: chunk };
  const value = `load_x((first + n) * ${width}u + channel)`;
  return linearDispatch({
    label: 'batchNorm part moments',
    bindings: [read('x', vector), write('means', vector), write('squares', vector)],
    operands: [x, means, squares],
    threads: parts * width,
    body: `  let channel = index % ${width}u;
  let first = min(index / ${width}u * ${chunk}u, ${rows}u);
  let count = min(first + ${chunk}u, ${rows}u) - first;
  let pivot = load_x(min(first, ${rows - 1}u) * ${width}u + channel);
${blockedSums({ ...loop, names: ['total'], round: (suffix) => `total${suffix} += ${value} - pivot;` })}
  let mean = pivot + total / f32(max(count, 1u));
${blockedSums({
  ...loop,
  names: ['spread'],
  round: (suffix) => `let distance = ${value} - mean; spread${suffix} += distance * distance;`,
})}
  store_means(index, mean);
  store_squares(index, spread);`,
  });
}

/**
 * Joins the parts in order (Chan, Golub and LeVeque 1979): squares about the common mean are squares + count
 * distance^2.
 */
export function totalMoments(
  { rows, channels, parts }: ChannelLayout,
  partial: readonly Tensor[],
  totals: readonly Tensor[],
): Dispatch {
  const chunk = Math.ceil(rows / parts);
  const loop = { type: 'f32', count: `${parts}u`, most: parts };
  const place = `n * ${channels}u + index`;
  return linearDispatch({
    label: 'batchNorm moments',
    bindings: [read('means'), read('squares'), write('mean_out'), write('variance_out')],
    operands: [...partial, ...totals],
    threads: channels,
    functions: `fn rows_of(part: u32) -> f32 {
  return f32(min((part + 1u) * ${chunk}u, ${rows}u) - min(part * ${chunk}u, ${rows}u));
}`,
    body: `  let pivot = load_means(index);
${blockedSums({
  ...loop,
  names: ['total'],
  round: (suffix) => `total${suffix} += (load_means(${place}) - pivot) * rows_of(n);`,
})}
  let mean = pivot + total * ${wgslFloat(1 / rows)};
${blockedSums({
  ...loop,
  names: ['spread'],
  round: (suffix) => `let distance = load_means(${place}) - mean;
    spread${suffix} += load_squares(${place}) + rows_of(n) * distance * distance;`,
})}
  store_mean_out(index, mean);
  store_variance_out(index, spread * ${wgslFloat(1 / rows)});`,
  });
}

/** Sums of dy z and of dy for each channel. */
export function channelGradients(
  { rows, channels }: ChannelLayout,
  epsilon: number,
  operands: readonly Tensor[],
  results: readonly Tensor[],
  scratch: KernelContext['scratch'],
): Dispatch[] {
  const { vector } = rowVectors(channels);
  return axisSums(
    {
      label: 'batchNormGradient sums',
      bindings: ['dy', 'x', 'means', 'variances'].map((name) => read(name, vector)),
      operands,
      ofColumn: (column) => ({
        mean: `load_means(${column})`,
        inverse_deviation: inverseDeviation(epsilon, `load_variances(${column})`),
      }),
      before: 'let slope = load_dy(at);',
      terms: ['slope * (load_x(at) - mean) * inverse_deviation', 'slope'],
    },
    { outer: 1, length: rows, inner: channels },
    results,
    scratch,
  );
}
