import { every, linearVariant, range, read, rowVectors, type Variant, write } from '../../kernels/kernel.ts';
import {
  type ConvolutionProblem,
  type ConvolutionTile,
  channelBinding,
  loadChannel,
  problemName,
  type Size2d,
  storeChannels,
} from './problem.ts';

/** Names a problem of pixels for labels and the tuner. */
export function pixelProblemName(problem: ConvolutionProblem, adjoint: boolean, hasBias: boolean): string {
  return `${problemName(problem, adjoint ? 'adjoint' : 'convolved')}${hasBias ? ' bias' : ''}`;
}

/**
 * Pixels as sums over taps and channels: an implicit matrix product (pixels, taps x channels) (taps x channels,
 * channels), whose left matrix is never stored. A thread holds rows x columns of the result in registers.
 *
 * Forward, pixel q of y reads x at q stride + tap - padding. Adjoint, pixel q stride + phase of x reads y at q + (phase
 * + padding - tap) / stride, for the taps where that is whole: pixels of one phase use the same taps, so threads are
 * ordered by phase and none multiplies by the zeros between the pixels of y (sub-pixel form; Shi et al., arXiv
 * 1609.05158).
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
  const { vector: vectorK, type } = rowVectors(K);
  const { vector: vectorN } = rowVectors(N);
  // Weights are (taps, x, y) with y innermost, which is N forward and K in the adjoint.
  const load = (line: string, channel: string) => loadChannel('w', problem.channelsY, line, channel);
  const vectors = range(columns / 4);

  const weight = (step: number, v: number) => {
    const inN = (n: number) => `min(column${v} + ${n}u, ${N - 1}u)`;
    if (!adjoint && vectorN === 4) return load(`tap * ${K}u + k + ${step}u`, `column${v}`);
    const element = (n: number) =>
      !adjoint
        ? load(`tap * ${K}u + k + ${step}u`, inN(n))
        : vectorK === 4
          ? `w${v}_${n}.${'xyzw'[step]}`
          : load(`tap * ${N}u + ${inN(n)}`, 'k');
    return `vec4f(${range(4).map(element).join(', ')})`;
  };
  const transposedWeights = () =>
    vectors
      .flatMap((v) =>
        range(4).map(
          (n) => `        let w${v}_${n} = ${load(`tap * ${N}u + min(column${v} + ${n}u, ${N - 1}u)`, 'k')};`,
        ),
      )
      .join('\n');
  // All steps of a vec4 along the channels for one element after the other, in the order of K: it then stays in a
  // register.
  const multiply = [
    ...range(vectorK).flatMap((step) => vectors.map((v) => `        let b${step}_${v} = ${weight(step, v)};`)),
    ...range(rows).flatMap((r) => [
      `        let a${r} = select(${type}(0.0), ${loadChannel('source', K, `at${r}`, 'k')}, inside${r});`,
      ...vectors.flatMap((v) =>
        range(vectorK).map((step) => {
          const factor = `a${r}${vectorK === 4 ? `.${'xyzw'[step]}` : ''}`;
          return `        c${r}_${v} = fma(vec4f(${factor}), b${step}_${v}, c${r}_${v});`;
        }),
      ),
    ]),
  ];
  const shift = (axis: 0 | 1, tap: string, phase: string) =>
    adjoint ? `(i32(${phase}) + ${padding[axis]} - i32(${tap})) / ${stride[axis]}` : `i32(${tap}) - ${padding[axis]}`;
  const first = (axis: 0 | 1, phase: string) => (adjoint ? `(${phase} + ${padding[axis]}u) % ${stride[axis]}u` : '0u');
  const step = (axis: 0 | 1) => (adjoint ? stride[axis] : 1);
  const origin = (axis: 0 | 1) => (adjoint ? 1 : stride[axis]);
  const store = (r: number) =>
    storeChannels(
      N,
      vectors.map((v) => `c${r}_${v}${hasBias ? ` + bias${v}` : ''}`),
    );

  return linearVariant({
    label: `${pixelProblemName(problem, adjoint, hasBias)} tile ${rows}x${columns}`,
    bindings: [
      channelBinding('source', K),
      channelBinding('w', problem.channelsY),
      ...(hasBias ? [read('bias')] : []),
      write('result', vectorN),
    ],
    threads,
    body: `  let n = index % ${groups}u * ${columns}u;
  let first_pixel = index / ${groups}u % ${tiles}u * ${rows}u;
  let phase = index / ${groups * tiles}u;
  let phase_y = phase / ${phases[1]}u;
  let phase_x = phase % ${phases[1]}u;
${vectors.map((v) => `  let column${v} = min(n + ${4 * v}u, ${vectorN === 4 ? N - 4 : N - 1}u);`).join('\n')}
${every(
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
${every(
  rows,
  // Positions before the first pixel wrap round to large numbers: one comparison per axis separates inside from
  // outside.
  (r) => `      let y${r} = bitcast<u32>(i32(qy${r} * ${origin(0)}u) + shift_y);
      let x${r} = bitcast<u32>(i32(qx${r} * ${origin(1)}u) + shift_x);
      let inside${r} = y${r} < ${source[0]}u && x${r} < ${source[1]}u;
      let at${r} = select(0u, (image${r} * ${source[0]}u + y${r}) * ${source[1]}u + x${r}, inside${r});`,
)}
      var k = 0u;
      loop {
${adjoint && vectorK === 4 ? transposedWeights() : ''}
${multiply.join('\n')}
        // The condition comes last: llvmpipe runs the rest of a body for nothing once all threads have left it.
        continuing { k += ${vectorK}u; break if k >= ${K}u; }
      }
    }
  }
${
  hasBias
    ? vectors
        .map((v) => {
          const values = range(4).map((n) => `load_bias(min(n + ${4 * v + n}u, ${N - 1}u))`);
          return `  let bias${v} = vec4f(${values.join(', ')});`;
        })
        .join('\n')
    : ''
}
${every(
  rows,
  (
    r,
  ) => `  if (first_pixel + ${r}u < ${pixels}u && qy${r} * ${phases[0]}u + phase_y < ${result[0]}u && qx${r} * ${phases[1]}u + phase_x < ${result[1]}u) {
    let at = ((image${r} * ${result[0]}u + qy${r} * ${phases[0]}u + phase_y) * ${result[1]}u + qx${r} * ${phases[1]}u + phase_x) * ${N}u;
${store(r)}
  }`,
)}`,
  });
}
