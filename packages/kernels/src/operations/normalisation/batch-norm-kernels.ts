import { linearDispatch } from '../../kernels/dispatch.ts';
import { read, rowVectors, wgslFloat, write } from '../../kernels/kernel.ts';
import type { Dispatch } from '../../trace/operation.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { partCount } from '../reduction.ts';

/** WGSL of 1 / sqrt(variance + epsilon). */
export const inverseDeviation = (epsilon: number) => `inverseSqrt(variance + ${wgslFloat(epsilon)})`;

/** Rows of channels, cut into parts so that some thousand threads have work; a thread takes four channels where it can. */
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
 * Sums over each part for each channel.
 *
 * @param body WGSL of one thread, which owns a `Value` (f32 or vec4f) of every row: row n has it at n * width + channel, and
 *   the rows are those from `first` to below `end`
 */
function sumParts(
  { rows, channels, parts }: ChannelLayout,
  label: string,
  inputs: Readonly<Record<string, Tensor>>,
  sums: Readonly<Record<string, Tensor>>,
  body: string,
): Dispatch {
  const chunk = Math.ceil(rows / parts);
  const { vector, type, width } = rowVectors(channels);
  return linearDispatch({
    label,
    bindings: [
      ...Object.keys(inputs).map((name) => read(name, vector)),
      ...Object.keys(sums).map((name) => write(name, vector)),
    ],
    operands: [...Object.values(inputs), ...Object.values(sums)],
    threads: parts * width,
    functions: `alias Value = ${type};\nconst width = ${width}u;`,
    body: `  let channel = index % width;
  let first = min(index / width * ${chunk}u, ${rows}u);
  let end = min(first + ${chunk}u, ${rows}u);
${body}`,
  });
}

/**
 * Mean and sum of squared distances from it, for each part and channel. Two passes over a part, because the difference
 * of mean square and squared mean loses the variance where the mean is large.
 */
export function partMoments(layout: ChannelLayout, x: Tensor, [means, squares]: readonly Tensor[]): Dispatch {
  return sumParts(
    layout,
    'batchNorm part moments',
    { x },
    { means, squares },
    `  var total = Value(0.0);
  for (var n = first; n < end; n++) { total += load_x(n * width + channel); }
  let mean = total / f32(max(end - first, 1u));
  var spread = Value(0.0);
  for (var n = first; n < end; n++) {
    let distance = load_x(n * width + channel) - mean;
    spread += distance * distance;
  }
  store_means(index, mean);
  store_squares(index, spread);`,
  );
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
    mean += load_means(part * ${channels}u + index) * count(part) * ${wgslFloat(1 / rows)};
  }
  var total = 0.0;
  for (var part = 0u; part < ${parts}u; part++) {
    let distance = load_means(part * ${channels}u + index) - mean;
    total += load_squares(part * ${channels}u + index) + count(part) * distance * distance;
  }
  store_mean_out(index, mean);
  store_variance_out(index, total * ${wgslFloat(1 / rows)});`,
  });
}

/** Sums of dy z and of dy for each part and channel. */
export function partGradients(
  layout: ChannelLayout,
  epsilon: number,
  [dy, x, means, variances]: readonly Tensor[],
  [dScale, dShift]: readonly Tensor[],
): Dispatch {
  return sumParts(
    layout,
    'batchNormGradient sums',
    { dy, x, means, variances },
    { d_scale: dScale, d_shift: dShift },
    `  let mean = load_means(channel);
  let variance = load_variances(channel);
  var products = Value(0.0);
  var slopes = Value(0.0);
  for (var n = first; n < end; n++) {
    let slope = load_dy(n * width + channel);
    products += slope * (load_x(n * width + channel) - mean);
    slopes += slope;
  }
  store_d_scale(index, products * ${inverseDeviation(epsilon)});
  store_d_shift(index, slopes);`,
  );
}
