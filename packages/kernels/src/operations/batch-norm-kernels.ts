import { type Dispatch, linearDispatch, read, wgslFloat, write } from '../kernel.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { partCount } from './reduction.ts';

/** WGSL of 1 / sqrt(variance + epsilon). */
export const inverseDeviation = (epsilon: number) => `inverseSqrt(variance + ${wgslFloat(epsilon)})`;

/** Rows of channels, cut into parts so that some thousand threads have work; a thread takes four channels where it can. */
export interface ChannelLayout {
  readonly rows: number;
  readonly channels: number;
  readonly vector: 1 | 4;
  readonly parts: number;
}

export function layoutOf(x: Tensor): ChannelLayout {
  const channels = x.shape[x.shape.length - 1];
  const rows = elementCount(x.shape) / channels;
  const vector = channels % 4 === 0 ? 4 : 1;
  return { rows, channels, vector, parts: partCount(channels / vector, rows) };
}

/**
 * Mean and sum of squared distances from it, for each part and channel. Two passes over a part, because the difference
 * of mean square and squared mean loses the variance where the mean is large.
 */
export function partMoments(
  { rows, channels, vector, parts }: ChannelLayout,
  x: Tensor,
  partial: readonly Tensor[],
): Dispatch {
  const chunk = Math.ceil(rows / parts);
  const row = channels / vector;
  const type = vector === 4 ? 'vec4f' : 'f32';
  return linearDispatch({
    label: 'batchNorm part moments',
    bindings: [read('x', vector), write('means', vector), write('squares', vector)],
    operands: [x, ...partial],
    threads: parts * row,
    body: `  let channel = index % ${row}u;
  let first = min(index / ${row}u * ${chunk}u, ${rows}u);
  let end = min(first + ${chunk}u, ${rows}u);
  var total = ${type}(0.0);
  for (var n = first; n < end; n++) { total += x[n * ${row}u + channel]; }
  let mean = total / f32(max(end - first, 1u));
  var spread = ${type}(0.0);
  for (var n = first; n < end; n++) {
    let distance = x[n * ${row}u + channel] - mean;
    spread += distance * distance;
  }
  means[index] = mean;
  squares[index] = spread;`,
  });
}

/** Joins the parts in order (Chan, Golub and LeVeque 1979): squares about the common mean are squares + count distance^2. */
export function totalMoments(
  { rows, channels, parts }: ChannelLayout,
  partial: readonly Tensor[],
  totals: readonly Tensor[],
): Dispatch {
  const chunk = Math.ceil(rows / parts);
  return linearDispatch({
    label: 'batchNorm moments',
    bindings: [read('means'), read('squares'), write('mean_out'), write('variance_out')],
    operands: [...partial, ...totals],
    threads: channels,
    functions: `fn count(part: u32) -> f32 {
  return f32(min((part + 1u) * ${chunk}u, ${rows}u) - min(part * ${chunk}u, ${rows}u));
}`,
    body: `  var mean = 0.0;
  for (var part = 0u; part < ${parts}u; part++) {
    mean += means[part * ${channels}u + index] * count(part) * ${wgslFloat(1 / rows)};
  }
  var total = 0.0;
  for (var part = 0u; part < ${parts}u; part++) {
    let distance = means[part * ${channels}u + index] - mean;
    total += squares[part * ${channels}u + index] + count(part) * distance * distance;
  }
  mean_out[index] = mean;
  variance_out[index] = total * ${wgslFloat(1 / rows)};`,
  });
}

/** Sums of dy z and of dy for each part and channel. */
export function partGradients(
  { rows, channels, vector, parts }: ChannelLayout,
  epsilon: number,
  inputs: readonly Tensor[],
  partial: readonly Tensor[],
): Dispatch {
  const chunk = Math.ceil(rows / parts);
  const row = channels / vector;
  const type = vector === 4 ? 'vec4f' : 'f32';
  return linearDispatch({
    label: 'batchNormGradient sums',
    bindings: [
      ...['dy', 'x', 'means', 'variances'].map((name) => read(name, vector)),
      write('d_scale', vector),
      write('d_shift', vector),
    ],
    operands: [...inputs, ...partial],
    threads: parts * row,
    body: `  let channel = index % ${row}u;
  let first = index / ${row}u * ${chunk}u;
  let mean = means[channel];
  let variance = variances[channel];
  var products = ${type}(0.0);
  var slopes = ${type}(0.0);
  for (var n = first; n < min(first + ${chunk}u, ${rows}u); n++) {
    let slope = dy[n * ${row}u + channel];
    products += slope * (x[n * ${row}u + channel] - mean);
    slopes += slope;
  }
  d_scale[index] = products * ${inverseDeviation(epsilon)};
  d_shift[index] = slopes;`,
  });
}
