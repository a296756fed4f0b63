import { every, linearVariant, range, read, rowVectors, type Variant, write } from '../../kernels/kernel.ts';
import { type ConvolutionProblem, type ConvolutionTile, problemName, storeChannels } from './problem.ts';

/** Number of parts into which the lines of y are cut for the weights, so that some thousand threads have work. */
export function weightParts({ batch, sizeY, kernelSize, channelsX, channelsY }: ConvolutionProblem): number {
  const tiles = kernelSize[0] * kernelSize[1] * Math.ceil(channelsX / 4) * Math.ceil(channelsY / 4);
  const lines = batch * sizeY[0];
  // A part keeps at least 64 pixels: each costs a whole copy of the weights to write and to add.
  return Math.max(1, Math.min(Math.ceil(4096 / tiles), Math.floor((lines * sizeY[1]) / 64), lines));
}

/**
 * Sums over pixels for each weight: dw[tap, cx, cy] = sum of x[pixel of y stride + tap - padding, cx] y[pixel, cy]. The lines of
 * y are cut into parts, whose sums are added by a second launch. A thread holds rows x columns of one tap of one part and
 * walks only over the pixels of y whose tap lies inside x.
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
  const threads = parts * taps * groupsM * groupsN;
  const vectors = range(columns / 4);
  const a = (r: number) => (vectorM === 4 ? `a${Math.floor(r / 4)}.${'xyzw'[r % 4]}` : `a${r}`);
  const loadsA =
    vectorM === 4
      ? range(rows / 4).map((g) => `      let a${g} = load_x((at_x + min(m + ${4 * g}u, ${M - 4}u)) / 4u);`)
      : range(rows).map((r) => `      let a${r} = load_x(at_x + min(m + ${r}u, ${M - 1}u));`);
  const loadsB = vectors.map((v) => {
    if (vectorN === 4) return `      let b${v} = load_y((at_y + min(n + ${4 * v}u, ${N - 4}u)) / 4u);`;
    const values = range(4).map((part) => `load_y(at_y + min(n + ${4 * v + part}u, ${N - 1}u))`);
    return `      let b${v} = vec4f(${values.join(', ')});`;
  });
  return linearVariant({
    label: `${problemName(problem, 'weights')} tile ${rows}x${columns}`,
    bindings: [read('x', vectorM), read('y', vectorN), write('result', vectorN)],
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
${range(rows)
  .flatMap((r) => vectors.map((v) => `  var c${r}_${v} = vec4f(0.0);`))
  .join('\n')}
  for (var line = part * ${chunk}u; line < min((part + 1u) * ${chunk}u, ${lines}u); line++) {
    let row = bitcast<u32>(i32(line % ${sizeY[0]}u * ${stride[0]}u) + shift_y);
    if (row >= ${sizeX[0]}u) { continue; }
    let row_x = i32((line / ${sizeY[0]}u * ${sizeX[0]}u + row) * ${sizeX[1]}u) + shift_x;
    for (var column = first; column < end; column++) {
      let at_x = u32(row_x + i32(column * ${stride[1]}u)) * ${M}u;
      let at_y = (line * ${sizeY[1]}u + column) * ${N}u;
${[...loadsA, ...loadsB].join('\n')}
${range(rows)
  .flatMap((r) => vectors.map((v) => `      c${r}_${v} = fma(vec4f(${a(r)}), b${v}, c${r}_${v});`))
  .join('\n')}
    }
  }
${every(
  rows,
  (r) => `  if (m + ${r}u < ${M}u) {
    let at = ((part * ${taps}u + tap) * ${M}u + m + ${r}u) * ${N}u;
${storeChannels(
  N,
  vectors.map((v) => `c${r}_${v}`),
)}
  }`,
)}`,
  });
}
