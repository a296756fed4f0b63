import {
  type Kernel,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  type Variant,
  write,
} from '../kernel.ts';

/** Height and width. */
export type Size2d = readonly [height: number, width: number];

/** One number for both axes, or one for each. */
export function pair(size: number | Size2d): Size2d {
  return typeof size === 'number' ? [size, size] : size;
}

export interface ConvolutionAttributes {
  readonly stride: Size2d;
  readonly padding: Size2d;
}

/** The geometry of a convolution, whichever of its three products is computed. */
export interface ConvolutionProblem extends ConvolutionAttributes {
  readonly batch: number;
  /** Of the picture x (batch, height, width, channelsX). */
  readonly sizeX: Size2d;
  readonly channelsX: number;
  /** Of the convolved y (batch, height, width, channelsY). */
  readonly sizeY: Size2d;
  readonly channelsY: number;
  /** Of the weights (height, width, channelsX, channelsY). */
  readonly kernelSize: Size2d;
}

/** What one thread computes: `rows` pixels (or channels of x, for the weights) times `columns` channels. */
export interface ConvolutionTile {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
}

/** From the most work for each byte loaded to the most threads. */
export const CONVOLUTION_TILES: readonly ConvolutionTile[] = [
  { rows: 8, columns: 8 },
  { rows: 8, columns: 4 },
  { rows: 4, columns: 4 },
  { rows: 2, columns: 4 },
  { rows: 1, columns: 4 },
];

/** The geometry from the shapes of x (batch, height, width, channels) and of the weights. */
export function convolutionProblem(
  [batch, height, width, channelsX]: readonly number[],
  [kernelHeight, kernelWidth, , channelsY]: readonly number[],
  { stride, padding }: ConvolutionAttributes,
): ConvolutionProblem {
  const positions = (size: number, kernel: number, axis: 0 | 1) =>
    Math.floor((size + 2 * padding[axis] - kernel) / stride[axis]) + 1;
  return {
    batch,
    sizeX: [height, width],
    channelsX,
    sizeY: [positions(height, kernelHeight, 0), positions(width, kernelWidth, 1)],
    channelsY,
    kernelSize: [kernelHeight, kernelWidth],
    stride,
    padding,
  };
}

/** Floating-point operations of any of the three products. */
export function convolutionWork({ batch, sizeY, kernelSize, channelsX, channelsY }: ConvolutionProblem): number {
  return 2 * batch * sizeY[0] * sizeY[1] * kernelSize[0] * kernelSize[1] * channelsX * channelsY;
}

/** "4x28x28x3 by 5x5x16 stride 2x2 padding 1x1". */
export function problemName({ batch, sizeX, channelsX, kernelSize, channelsY, stride, padding }: ConvolutionProblem) {
  const picture = [batch, ...sizeX, channelsX].join('x');
  return `${picture} by ${[...kernelSize, channelsY].join('x')} stride ${stride.join('x')} padding ${padding.join('x')}`;
}

/** Channels that are loaded and stored at once. */
const vectorOf = (channels: number): 1 | 4 => (channels % 4 === 0 ? 4 : 1);

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/**
 * Pixels as sums over taps and channels: an implicit matrix product (pixels, taps x channels) (taps x channels, channels),
 * whose left matrix is never stored. A thread holds rows x columns of the result in registers.
 *
 * Forward, pixel q of y reads x at q stride + tap - padding. Adjoint, pixel q stride + phase of x reads y at
 * q + (phase + padding - tap) / stride, for the taps where that is whole: pixels of one phase use the same taps, so threads
 * are ordered by phase and none multiplies by the zeros between the pixels of y (sub-pixel form; Shi et al., arXiv 1609.05158).
 *
 * Every element is one chain of fma over rising taps and channels, whatever the tile: all tiles give the same bits.
 *
 * @param adjoint from y to x instead of from x to y
 * @param hasBias a bias of the result's channels is added
 */
export function pixelVariant(
  problem: ConvolutionProblem,
  { rows, columns }: ConvolutionTile,
  adjoint: boolean,
  hasBias: boolean,
): Variant {
  const { batch, kernelSize, stride, padding } = problem;
  const [source, result] = adjoint ? [problem.sizeY, problem.sizeX] : [problem.sizeX, problem.sizeY];
  const [K, N] = adjoint ? [problem.channelsY, problem.channelsX] : [problem.channelsX, problem.channelsY];
  const phases: Size2d = adjoint ? stride : [1, 1];
  // Pixels of one phase; the last of them may lie beyond the edge.
  const grid = [Math.ceil(result[0] / phases[0]), Math.ceil(result[1] / phases[1])];
  const pixels = batch * grid[0] * grid[1];
  const tiles = Math.ceil(pixels / rows);
  const groups = Math.ceil(N / columns);
  const threads = phases[0] * phases[1] * tiles * groups;
  const [vectorK, vectorN] = [vectorOf(K), vectorOf(N)];
  // Weights are (taps, x, y) with y innermost, which is N forward and K in the adjoint.
  const vectorW = adjoint ? vectorK : vectorN;
  const vectors = range(columns / 4);
  const each = (count: number, line: (index: number) => string) => range(count).map(line).join('\n');

  const weight = (step: number, v: number) => {
    if (!adjoint && vectorN === 4) return `w[(tap * ${K}u + k + ${step}u) * ${N / 4}u + column${v} / 4u]`;
    const element = (n: number) =>
      !adjoint
        ? `w[(tap * ${K}u + k + ${step}u) * ${N}u + min(column${v} + ${n}u, ${N - 1}u)]`
        : vectorK === 4
          ? `w${v}_${n}.${'xyzw'[step]}`
          : `w[(tap * ${N}u + min(column${v} + ${n}u, ${N - 1}u)) * ${K}u + k]`;
    return `vec4f(${range(4).map(element).join(', ')})`;
  };
  const transposedWeights = () =>
    vectors
      .flatMap((v) =>
        range(4).map(
          (n) => `        let w${v}_${n} = w[((tap * ${N}u + min(column${v} + ${n}u, ${N - 1}u)) * ${K}u + k) / 4u];`,
        ),
      )
      .join('\n');
  // All four steps of a vec4 along the channels summed over; step by step, so that the order of the sum is that of K.
  const multiply = range(vectorK).flatMap((step) =>
    vectors.flatMap((v) => [
      `        let b${step}_${v} = ${weight(step, v)};`,
      ...range(rows).map(
        (r) =>
          `        c${r}_${v} = fma(vec4f(a${r}${vectorK === 4 ? `.${'xyzw'[step]}` : ''}), b${step}_${v}, c${r}_${v});`,
      ),
    ]),
  );
  const shift = (axis: 0 | 1, tap: string, phase: string) =>
    adjoint ? `(i32(${phase}) + ${padding[axis]} - i32(${tap})) / ${stride[axis]}` : `i32(${tap}) - ${padding[axis]}`;
  const first = (axis: 0 | 1, phase: string) => (adjoint ? `(${phase} + ${padding[axis]}u) % ${stride[axis]}u` : '0u');
  const step = (axis: 0 | 1) => (adjoint ? stride[axis] : 1);
  const origin = (axis: 0 | 1) => (adjoint ? 1 : stride[axis]);
  const store = (r: number) =>
    vectors
      .map((v) => {
        const value = `c${r}_${v}${hasBias ? ` + bias${v}` : ''}`;
        if (vectorN === 4) return `    if (n + ${4 * v}u < ${N}u) { result[(at + n) / 4u + ${v}u] = ${value}; }`;
        const parts = range(4).map(
          (n) => `    if (n + ${4 * v + n}u < ${N}u) { result[at + n + ${4 * v + n}u] = value${v}.${'xyzw'[n]}; }`,
        );
        return [`    let value${v} = ${value};`, ...parts].join('\n');
      })
      .join('\n');

  const kernel: Kernel = {
    label: `conv2d ${adjoint ? 'adjoint ' : ''}${problemName(problem)}${hasBias ? ' bias' : ''} tile ${rows}x${columns}`,
    bindings: [
      read('source', vectorK),
      read('w', vectorW),
      ...(hasBias ? [read('bias')] : []),
      write('result', vectorN),
    ],
    uniforms: [],
    workgroupSize: [LINEAR_WORKGROUP, 1, 1],
    code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  let n = index % ${groups}u * ${columns}u;
  let first_pixel = index / ${groups}u % ${tiles}u * ${rows}u;
  let phase = index / ${groups * tiles}u;
  let phase_y = phase / ${phases[1]}u;
  let phase_x = phase % ${phases[1]}u;
${vectors.map((v) => `  let column${v} = min(n + ${4 * v}u, ${vectorN === 4 ? N - 4 : N - 1}u);`).join('\n')}
${each(
  rows,
  (r) => `  let pixel${r} = min(first_pixel + ${r}u, ${pixels - 1}u);
  let image${r} = pixel${r} / ${grid[0] * grid[1]}u;
  let qy${r} = pixel${r} / ${grid[1]}u % ${grid[0]}u;
  let qx${r} = pixel${r} % ${grid[1]}u;
${vectors.map((v) => `  var c${r}_${v} = vec4f(0.0);`).join('\n')}`,
)}
  for (var ky = ${first(0, 'phase_y')}; ky < ${kernelSize[0]}u; ky += ${step(0)}u) {
    let shift_y = ${shift(0, 'ky', 'phase_y')};
    for (var kx = ${first(1, 'phase_x')}; kx < ${kernelSize[1]}u; kx += ${step(1)}u) {
      let shift_x = ${shift(1, 'kx', 'phase_x')};
      let tap = ky * ${kernelSize[1]}u + kx;
${each(
  rows,
  // Positions before the first pixel wrap round to large numbers: one comparison an axis tells inside from outside.
  (r) => `      let y${r} = bitcast<u32>(i32(qy${r} * ${origin(0)}u) + shift_y);
      let x${r} = bitcast<u32>(i32(qx${r} * ${origin(1)}u) + shift_x);
      let inside${r} = y${r} < ${source[0]}u && x${r} < ${source[1]}u;
      let at${r} = select(0u, ((image${r} * ${source[0]}u + y${r}) * ${source[1]}u + x${r}) * ${K}u, inside${r});`,
)}
      for (var k = 0u; k < ${K}u; k += ${vectorK}u) {
${each(rows, (r) =>
  vectorK === 4
    ? `        let a${r} = select(vec4f(0.0), source[(at${r} + k) / 4u], inside${r});`
    : `        let a${r} = select(0.0, source[at${r} + k], inside${r});`,
)}
${adjoint && vectorK === 4 ? transposedWeights() : ''}
${multiply.join('\n')}
      }
    }
  }
${
  hasBias
    ? vectors
        .map((v) => {
          const values = range(4).map((n) => `bias[min(n + ${4 * v + n}u, ${N - 1}u)]`);
          return `  let bias${v} = vec4f(${values.join(', ')});`;
        })
        .join('\n')
    : ''
}
${each(
  rows,
  (
    r,
  ) => `  if (first_pixel + ${r}u < ${pixels}u && qy${r} * ${phases[0]}u + phase_y < ${result[0]}u && qx${r} * ${phases[1]}u + phase_x < ${result[1]}u) {
    let at = ((image${r} * ${result[0]}u + qy${r} * ${phases[0]}u + phase_y) * ${result[1]}u + qx${r} * ${phases[1]}u + phase_x) * ${N}u;
${store(r)}
  }`,
)}
}`,
  };
  return { kernel, workgroups: linearGrid(threads, LINEAR_WORKGROUP) };
}

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
  const [vectorM, vectorN] = [vectorOf(M), vectorOf(N)];
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
      ? range(rows / 4).map((g) => `      let a${g} = x[(at_x + min(m + ${4 * g}u, ${M - 4}u)) / 4u];`)
      : range(rows).map((r) => `      let a${r} = x[at_x + min(m + ${r}u, ${M - 1}u)];`);
  const loadsB = vectors.map((v) => {
    if (vectorN === 4) return `      let b${v} = y[(at_y + min(n + ${4 * v}u, ${N - 4}u)) / 4u];`;
    const values = range(4).map((part) => `y[at_y + min(n + ${4 * v + part}u, ${N - 1}u)]`);
    return `      let b${v} = vec4f(${values.join(', ')});`;
  });
  const store = (r: number) =>
    vectors
      .map((v) => {
        if (vectorN === 4) return `    if (n + ${4 * v}u < ${N}u) { result[(at + n) / 4u + ${v}u] = c${r}_${v}; }`;
        return range(4)
          .map(
            (part) =>
              `    if (n + ${4 * v + part}u < ${N}u) { result[at + n + ${4 * v + part}u] = c${r}_${v}.${'xyzw'[part]}; }`,
          )
          .join('\n');
      })
      .join('\n');
  const kernel: Kernel = {
    label: `conv2d weights ${problemName(problem)} tile ${rows}x${columns}`,
    bindings: [read('x', vectorM), read('y', vectorN), write('result', vectorN)],
    uniforms: [],
    workgroupSize: [LINEAR_WORKGROUP, 1, 1],
    code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  let n = index % ${groupsN}u * ${columns}u;
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
${range(rows)
  .map(
    (r) => `  if (m + ${r}u < ${M}u) {
    let at = ((part * ${taps}u + tap) * ${M}u + m + ${r}u) * ${N}u;
${store(r)}
  }`,
  )
  .join('\n')}
}`,
  };
  return { kernel, workgroups: linearGrid(threads, LINEAR_WORKGROUP) };
}
