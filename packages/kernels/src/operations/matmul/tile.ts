import { type Kernel, range } from '../../kernels/kernel.ts';
import {
  addition,
  baseOffsets,
  biasVector,
  loadVector,
  type MatmulProblem,
  matmulShader,
  type Operand,
  operandsOf,
  sumOrder,
} from './problem.ts';

/** What one thread computes, and how threads are grouped: `rows` x `columns` of c, `threads` = (across N, across M). */
export interface MatmulTile {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
  readonly threads: readonly [number, number];
}

/** From the most work for each byte loaded to the most threads. */
export const MATMUL_TILES: readonly MatmulTile[] = [
  { rows: 16, columns: 16, threads: [8, 1] },
  { rows: 8, columns: 8, threads: [8, 8] },
  { rows: 4, columns: 8, threads: [8, 8] },
  { rows: 4, columns: 4, threads: [8, 8] },
  { rows: 2, columns: 4, threads: [8, 8] },
  { rows: 1, columns: 4, threads: [16, 4] },
];

/**
 * One thread holds rows x columns of c in registers and walks K four steps at a time: register tiles with vec4 loads
 * are the common ground of the fast WebGPU kernels (ggml, tfjs, jax-js). Operands whose rows are not whole vec4s are
 * loaded element by element; rows and columns beyond the edge read the last one and are not stored.
 */
export function matmulKernel(problem: MatmulProblem, tile: MatmulTile): Kernel {
  const { M, N, K } = problem;
  const { rows, columns, threads } = tile;
  const operands = operandsOf(problem, rows);
  const { chunks, length } = sumOrder(problem);
  const walk = (from: string, to: string) =>
    `  for (var k = ${from}; k < ${to}; k += 4u) {\n${fourSteps(problem, operands, tile)}\n  }`;
  const product =
    chunks === 1
      ? walk('0u', `${K}u`)
      : `${each(tile, (r, v) => `  var sum${r}_${v} = vec4f(0.0);`)}
  for (var start = 0u; start < ${K}u; start += ${length}u) {
${each(tile, (r, v) => `  c${r}_${v} = vec4f(0.0);`)}
${walk('start', `min(start + ${length}u, ${K}u)`)}
${each(tile, (r, v) => `  sum${r}_${v} += c${r}_${v};`)}
  }
${each(tile, (r, v) => `  c${r}_${v} = sum${r}_${v};`)}`;
  const body = `fn main(@builtin(global_invocation_id) id: vec3u) {
  let n0 = id.x * ${columns}u;
  let m0 = id.y * ${rows}u;
  if (n0 >= ${N}u || m0 >= ${M}u) { return; }
${baseOffsets(problem, operands, 'id.z')}
${each(tile, (r, v) => `  var c${r}_${v} = vec4f(0.0);`)}
${product}
${storeTile(
  problem,
  tile,
  'id.z',
  (r) => `m0 + ${r}u`,
  (v) => `n0 + ${4 * v}u`,
)}
}`;
  const name = `tile ${rows}x${columns}`;
  return matmulShader(problem, operands, { name, workgroupSize: [threads[0], threads[1], 1], body });
}

type TileSize = Pick<MatmulTile, 'rows' | 'columns'>;

/** A line for each vec4 of a tile: its row, and its number in the row. */
export function each({ rows, columns }: TileSize, line: (row: number, vector: number) => string): string {
  return range(rows)
    .flatMap((r) => range(columns / 4).map((v) => line(r, v)))
    .join('\n');
}

/** WGSL that adds the products of steps k to k + 3 to the tile `c0_0`, ... at row `m0` and column `n0`. */
export function fourSteps(problem: MatmulProblem, [a, b]: [Operand, Operand], { rows, columns }: TileSize): string {
  const { M, N, K, transposeA, transposeB } = problem;
  const lines: string[] = [];
  for (let v = 0; v < columns / 4; v++) {
    // b stored (N, K): a vec4 holds four steps of one column; transposed in registers into vec4s along N.
    for (let n = 0; n < 4 && transposeB; n++) {
      const column = `min(n0 + ${4 * v + n}u, ${N - 1}u)`;
      lines.push(`let bt${v}_${n} = ${loadVector(b, column, undefined, 'k', K)};`);
    }
    for (let s = 0; s < 4; s++) {
      const value = transposeB
        ? `vec4f(${[0, 1, 2, 3].map((n) => `bt${v}_${n}[${s}]`).join(', ')})`
        : loadVector(b, `k + ${s}u`, K, `n0 + ${4 * v}u`, N);
      lines.push(`let b${s}_${v} = ${value};`);
    }
  }
  // Four steps of a row of a, or of four rows, loaded just before they are used: all of them beforehand do not fit into
  // llvmpipe's registers (16x16 at 1024 cubed: NN 27 instead of 21 % of its FMA peak, TN 26 instead of 21).
  for (let r = 0; r < rows; r++) {
    if (!transposeA) lines.push(`let a${r} = ${loadVector(a, `min(m0 + ${r}u, ${M - 1}u)`, undefined, 'k', K)};`);
    else if (r % 4 === 0) {
      for (let s = 0; s < 4; s++)
        lines.push(`let at${s}_${r / 4} = ${loadVector(a, `k + ${s}u`, K, `m0 + ${r}u`, M)};`);
    }
    const factor = (s: number) => (transposeA ? `at${s}_${Math.floor(r / 4)}[${r % 4}]` : `a${r}[${s}]`);
    for (let v = 0; v < columns / 4; v++) {
      for (let s = 0; s < 4; s++) lines.push(`c${r}_${v} = fma(vec4f(${factor(s)}), b${s}_${v}, c${r}_${v});`);
    }
  }
  return lines.map((line) => `    ${line}`).join('\n');
}

/** WGSL that stores the tile `c0_0`, ..., with what is added. */
export function storeTile(
  problem: MatmulProblem,
  tile: TileSize,
  batch: string,
  row: (r: number) => string,
  column: (v: number) => string,
): string {
  const hasBias = addition(problem) === 'bias';
  const biases = hasBias
    ? each({ ...tile, rows: 1 }, (_, v) => `  let bias${v} = ${biasVector(problem, column(v))};`)
    : '';
  const value = (r: number, v: number) => (hasBias ? `c${r}_${v} + bias${v}` : `c${r}_${v}`);
  return `${biases}
${each(tile, (r, v) => `  store(${batch}, ${row(r)}, ${column(v)}, ${value(r, v)});`)}`;
}
