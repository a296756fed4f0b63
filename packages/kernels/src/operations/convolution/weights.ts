import { every, linearVariant, range, rowVectors, type Variant, write } from '../../kernels/kernel.ts';
import {
  type ConvolutionProblem,
  type ConvolutionTile,
  channelBinding,
  loadChannel,
  problemName,
  storeChannels,
} from './problem.ts';

/** Number of parts into which the lines of y are cut for the weights, so that some thousand threads have work. */
export function weightParts({ batch, sizeY, kernelSize, channelsX, channelsY }: ConvolutionProblem): number {
  const tiles = kernelSize[0] * kernelSize[1] * Math.ceil(channelsX / 4) * Math.ceil(channelsY / 4);
  const lines = batch * sizeY[0];
  // A part keeps at least 64 pixels: each costs a whole copy of the weights to write and to add.
  return Math.max(1, Math.min(Math.ceil(4096 / tiles), Math.floor((lines * sizeY[1]) / 64), lines));
}

/** Pixels of y whose products are added up in one chain, at least; chains are added up in turn. */
const PIXELS_OF_CHAIN = 128;

/**
 * Sums over pixels for each weight: dw[tap, cx, cy] = sum of x[pixel of y stride + tap - padding, cx] y[pixel, cy]. The
 * lines of y are cut into parts, whose sums are added by a second launch. A thread holds rows x columns of one tap of
 * one part and walks only over the pixels of y whose tap lies inside x.
 *
 * @param parts see `weightParts`; the result is (parts, taps, channelsX, channelsY)
 */
export function weightVariant(
  problem: ConvolutionProblem,
  { rows: wanted, columns }: ConvolutionTile,
  parts: number,
): Variant {
  const { batch, sizeX, sizeY, channelsX: M, channelsY: N, kernelSize, stride, padding } = problem;
  const [vectorM, vectorN] = [rowVectors(M).vector, rowVectors(N).vector];
  const rows = vectorM === 4 ? Math.max(4, wanted) : Math.min(wanted, M);
  const taps = kernelSize[0] * kernelSize[1];
  const [groupsM, groupsN] = [Math.ceil(M / rows), Math.ceil(N / columns)];
  const lines = batch * sizeY[0];
  const chunk = Math.ceil(lines / parts);
  // A chain of fma is this many lines long: rounding errors grow with the number of pixels in it, and of chains.
  const block = Math.ceil(PIXELS_OF_CHAIN / sizeY[1]);
  const threads = parts * taps * groupsM * groupsN;
  const vectors = range(columns / 4);
  const a = (r: number, s: number) => (vectorM === 4 ? `a${s}_${r >> 2}.${'xyzw'[r % 4]}` : `a${s}_${r}`);
  const loads = (s: number) => [
    `      let x${s} = u32(row_x + i32((column + ${s}u) * ${stride[1]}u));`,
    ...range(rows / vectorM).map((g) => {
      const channel = `min(m + ${vectorM * g}u, ${M - vectorM}u)`;
      return `      let a${s}_${g} = ${loadChannel('x', M, `x${s}`, channel)};`;
    }),
    ...vectors.map((v) => {
      const pixel = `line * ${sizeY[1]}u + column + ${s}u`;
      const load = (n: number) => loadChannel('y', N, pixel, `min(n + ${4 * v + n}u, ${N - vectorN}u)`);
      return `      let b${s}_${v} = ${vectorN === 4 ? load(0) : `vec4f(${range(4).map(load).join(', ')})`};`;
    }),
  ];
  const each = (line: (r: number, v: number) => string) =>
    every(rows, (r) => vectors.map((v) => line(r, v)).join('\n'));
  /** Some neighbouring pixels of a line of y. */
  const steps = (count: number) => `${range(count).flatMap(loads).join('\n')}
${each((r, v) => every(count, (s) => `      c${r}_${v} = fma(vec4f(${a(r, s)}), b${s}_${v}, c${r}_${v});`))}`;
  return linearVariant({
    label: `${problemName(problem, 'weights')} tile ${rows}x${columns}`,
    bindings: [channelBinding('x', M), channelBinding('y', N), write('result', vectorN)],
    threads,
    body: `  let n = index % ${groupsN}u * ${columns}u;
  let m = index / ${groupsN}u % ${groupsM}u * ${rows}u;
  let tap = index / ${groupsN * groupsM}u % ${taps}u;
  let part = index / ${groupsN * groupsM * taps}u;
  let shift_y = i32(tap / ${kernelSize[1]}u) - ${padding[0]};
  let shift_x = i32(tap % ${kernelSize[1]}u) - ${padding[1]};
  // Columns of y from which the tap reaches a pixel of x: 0 <= column stride + shift < width.
  let first = u32(max(0, -shift_x) + ${stride[1] - 1}) / ${stride[1]}u;
  let end = min(u32(max(0, ${sizeX[1] + stride[1] - 1} - shift_x)) / ${stride[1]}u, ${sizeY[1]}u);
  let end_line = min((part + 1u) * ${chunk}u, ${lines}u);
${each((r, v) => `  var sum${r}_${v} = vec4f(0.0);`)}
  for (var start = part * ${chunk}u; start < end_line; start += ${block}u) {
${each((r, v) => `  var c${r}_${v} = vec4f(0.0);`)}
  for (var line = start; line < min(start + ${block}u, end_line); line++) {
    let row = bitcast<u32>(i32(line % ${sizeY[0]}u * ${stride[0]}u) + shift_y);
    if (row >= ${sizeX[0]}u) { continue; }
    let row_x = i32((line / ${sizeY[0]}u * ${sizeX[0]}u + row) * ${sizeX[1]}u) + shift_x;
    var column = first;
    // The condition comes last: llvmpipe runs the rest of a body for nothing once all threads have left it.
    if (column + 3u < end) {
      loop {
${steps(4)}
        continuing { column += 4u; break if column + 3u >= end; }
      }
    }
    for (; column < end; column++) {
${steps(1)}
    }
  }
${each((r, v) => `  sum${r}_${v} += c${r}_${v};`)}
  }
${every(
  rows,
  (r) => `  if (m + ${r}u < ${M}u) {
    let at = ((part * ${taps}u + tap) * ${M}u + m + ${r}u) * ${N}u;
${storeChannels(
  N,
  vectors.map((v) => `sum${r}_${v}`),
)}
  }`,
)}`,
  });
}
