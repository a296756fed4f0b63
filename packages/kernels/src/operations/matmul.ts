import { type Dispatch, type Kernel, read, type Variant, write } from '../kernel.ts';
import type { Operation } from '../operation.ts';
import { requireShape, requireType, type Tensor } from '../tensor.ts';
import { sumToShape } from './sum.ts';

export interface MatmulOptions {
  /** a is stored (K, M). */
  readonly transposeA?: boolean;
  /** b is stored (N, K). */
  readonly transposeB?: boolean;
  /** (N), added to every row. */
  readonly bias?: Tensor;
}

/**
 * c = a b (+ bias), f32.
 *
 * @param a (M, K), or (batch, M, K); stored (.., K, M) with transposeA
 * @param b (K, N), or (batch, K, N); stored (.., N, K) with transposeB
 * @returns (M, N), or (batch, M, N) if a or b has a batch axis; one without is used for all
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, bias } = options;
  const inputs = bias === undefined ? [a, b] : [a, b, bias];
  return a.graph.apply(matmulOperation, inputs, { transposeA, transposeB })[0];
}

export interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Sizes of c[batch] = a[batch or 0] b[batch or 0]. */
export interface MatmulProblem extends MatmulAttributes {
  readonly batch: number;
  readonly batchedA: boolean;
  readonly batchedB: boolean;
  readonly hasBias: boolean;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What one thread computes, and how threads are grouped: `rows` x `columns` of c, `threads` = (across N, across M). */
export interface MatmulTile {
  readonly rows: number;
  /** A multiple of 4. */
  readonly columns: number;
  readonly threads: readonly [number, number];
}

export const matmulOperation: Operation<MatmulAttributes> = {
  name: 'matmul',
  outputs(inputs, attributes) {
    const [a, b, bias] = inputs;
    for (const [index, input] of inputs.entries()) requireType(input, 'f32', 'matmul', ['a', 'b', 'bias'][index]);
    const ranks = [a, b].every(({ shape }) => shape.length === 2 || shape.length === 3);
    requireShape(ranks, 'matmul', 'a and b must be matrices or batches of matrices', a, b);
    const { M, N, K, batch, innerB, batchB } = sizes(a, b, attributes);
    requireShape(K === innerB, 'matmul', `inner sizes ${K} and ${innerB} must be equal`, a, b);
    const batches = a.shape.length === 2 || b.shape.length === 2 || batch === batchB;
    requireShape(batches, 'matmul', 'batch sizes must be equal', a, b);
    if (bias !== undefined)
      requireShape(bias.shape.length === 1 && bias.shape[0] === N, 'matmul', `bias must be [${N}]`, bias);
    const batched = a.shape.length === 3 || b.shape.length === 3;
    return [{ shape: batched ? [batch, M, N] : [M, N], dtype: 'f32' }];
  },
  kernels(node) {
    const [a, b, bias] = node.inputs;
    const { M, N, K, batch } = sizes(a, b, node.attributes);
    const problem: MatmulProblem = {
      ...node.attributes,
      batch,
      batchedA: a.shape.length === 3,
      batchedB: b.shape.length === 3,
      hasBias: bias !== undefined,
      M,
      N,
      K,
    };
    return [matmulDispatch(problem, likelyTile(problem), node.inputs, node.outputs[0])];
  },
  backward(node, [dc], wanted) {
    if (dc === undefined) return [undefined, undefined, undefined];
    const [a, b, bias] = node.inputs;
    const { transposeA, transposeB } = node.attributes;
    // c = a b: da = dc b^T, db = a^T dc; a transposed operand gets the transposed product.
    const da = () =>
      transposeA
        ? matmul(b, dc, { transposeA: transposeB, transposeB: true })
        : matmul(dc, b, { transposeB: !transposeB });
    const db = () =>
      transposeB
        ? matmul(dc, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, dc, { transposeA: !transposeA });
    return [
      wanted[0] ? sumToShape(da(), a.shape) : undefined,
      wanted[1] ? sumToShape(db(), b.shape) : undefined,
      bias !== undefined && wanted[2] ? sumToShape(dc, bias.shape) : undefined,
    ];
  },
};

function sizes(a: Tensor, b: Tensor, { transposeA, transposeB }: MatmulAttributes) {
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const batchA = a.shape.length === 3 ? a.shape[0] : 1;
  const batchB = b.shape.length === 3 ? b.shape[0] : 1;
  return {
    M: transposeA ? columnsA : rowsA,
    K: transposeA ? rowsA : columnsA,
    innerB: transposeB ? columnsB : rowsB,
    N: transposeB ? rowsB : columnsB,
    batch: Math.max(batchA, batchB),
    batchB,
  };
}

/** From the most work for each byte loaded to the most threads. */
export const MATMUL_TILES: readonly MatmulTile[] = [
  { rows: 16, columns: 16, threads: [8, 8] },
  { rows: 8, columns: 8, threads: [8, 8] },
  { rows: 4, columns: 8, threads: [8, 8] },
  { rows: 4, columns: 4, threads: [8, 8] },
  { rows: 2, columns: 4, threads: [8, 8] },
  { rows: 1, columns: 4, threads: [16, 4] },
];

/** The largest tile is tried from here on (floating-point operations): less would not pay for compiling it. */
const WORK_FOR_LARGEST = 1e8;

/**
 * The largest tile, up to 8x8, that leaves some hundred threads to share the work: what is used unmeasured, and where
 * measuring starts.
 */
export function likelyTile({ M, N, batch }: { M: number; N: number; batch: number }): MatmulTile {
  const smallest = MATMUL_TILES[MATMUL_TILES.length - 1];
  const fits = ({ rows, columns }: MatmulTile) =>
    rows <= 8 && batch * Math.ceil(M / rows) * Math.ceil(N / columns) >= 512;
  return MATMUL_TILES.find(fits) ?? smallest;
}

/** c = a b by the given tile, with the next larger and the two next smaller ones as its variants. */
export function matmulDispatch(
  problem: MatmulProblem,
  tile: MatmulTile,
  inputs: readonly Tensor[],
  result: Tensor,
): Dispatch {
  const { M, N, K, batch } = problem;
  const variant = (each: MatmulTile): Variant => ({
    kernel: matmulKernel(problem, each),
    workgroups: [Math.ceil(N / each.columns / each.threads[0]), Math.ceil(M / each.rows / each.threads[1]), batch],
  });
  const work = 2 * batch * M * N * K;
  const place = MATMUL_TILES.indexOf(tile);
  const largest = work < WORK_FOR_LARGEST ? 1 : 0;
  const first = Math.min(place, Math.max(largest, place - 1));
  const variants = MATMUL_TILES.slice(first, place + 3).map(variant);
  const choice = { problem: problemName(problem), work, variants };
  return { ...variants[place - first], operands: [...inputs, result], uniforms: [], choice };
}

/** "matmul NT 512x256x1024": how a and b are stored, then M, N and K. */
function problemName({ transposeA, transposeB, hasBias, batch, M, N, K }: MatmulProblem): string {
  const form = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
  return `matmul ${form} ${M}x${N}x${K}${batch > 1 ? ` batch ${batch}` : ''}${hasBias ? ' bias' : ''}`;
}

/**
 * One thread holds rows x columns of c in registers and walks K four steps at a time: register tiles with vec4 loads are the
 * common ground of the fast WebGPU kernels (ggml, tfjs, jax-js); workgroup memory helps discrete GPUs and hurts Apple's
 * and llvmpipe. Every element of c is one chain of fma over rising K, whatever the tile, so that all tiles give the same
 * bits. Operands whose rows are not whole vec4s are
 * loaded element by element; rows and columns beyond the edge read the last one and are not stored.
 */
function matmulKernel(problem: MatmulProblem, tile: MatmulTile): Kernel {
  const { M, N, K, transposeA, transposeB, hasBias, batchedA, batchedB } = problem;
  const { rows, columns } = tile;
  const vectors = columns / 4;
  // Elements in a stored row of each operand: the axis along which vec4s lie.
  const rowA = transposeA ? M : K;
  const rowB = transposeB ? K : N;
  const vectorA = rowA % 4 === 0 && (!transposeA || rows % 4 === 0) ? 4 : 1;
  const a: Loader = { name: 'a', row: rowA, vector: vectorA };
  const b: Loader = { name: 'b', row: rowB, vector: rowB % 4 === 0 ? 4 : 1 };
  const vectorC = N % 4 === 0 ? 4 : 1;
  // The tail of K is left out of vec4 loads along K by reading zeros; along M or N whole steps of K are skipped.
  const lines: string[] = [];
  const emit = (line: string) => lines.push(line);

  emit(`fn main(@builtin(global_invocation_id) id: vec3u) {`);
  emit(`  let n0 = id.x * ${columns}u;`);
  emit(`  let m0 = id.y * ${rows}u;`);
  emit(`  if (n0 >= ${N}u || m0 >= ${M}u) { return; }`);
  emit(`  let base_a = ${batchedA ? `id.z * ${(M * K) / a.vector}u` : '0u'};`);
  emit(`  let base_b = ${batchedB ? `id.z * ${(K * N) / b.vector}u` : '0u'};`);
  for (let r = 0; r < rows; r++) emit(`  let row${r} = min(m0 + ${r}u, ${M - 1}u);`);
  for (let r = 0; r < rows; r++) for (let v = 0; v < vectors; v++) emit(`  var c${r}_${v} = vec4f(0.0);`);
  emit(`  for (var k = 0u; k < ${K}u; k += 4u) {`);
  // a_r: four steps of K of row r.
  if (transposeA) {
    for (let s = 0; s < 4; s++) {
      for (let g = 0; g < Math.ceil(rows / 4); g++) {
        emit(`    let at${s}_${g} = ${loadVector(a, `k + ${s}u`, K, `m0 + ${4 * g}u`, M)};`);
      }
    }
  } else {
    for (let r = 0; r < rows; r++) emit(`    let a${r} = ${loadVector(a, `row${r}`, undefined, 'k', K)};`);
  }
  const elementA = (r: number, s: number) =>
    transposeA ? `at${s}_${Math.floor(r / 4)}.${'xyzw'[r % 4]}` : `a${r}.${'xyzw'[s]}`;
  if (transposeB) {
    // b is (N, K): a vec4 holds four steps of K of one column; transposed in registers into vec4s along N.
    for (let v = 0; v < vectors; v++) {
      for (let n = 0; n < 4; n++) {
        const column = `min(n0 + ${4 * v + n}u, ${N - 1}u)`;
        emit(`    let bt${v}_${n} = ${loadVector(b, column, undefined, 'k', K)};`);
      }
    }
  }
  for (let s = 0; s < 4; s++) {
    for (let v = 0; v < vectors; v++) {
      const value = transposeB
        ? `vec4f(${[0, 1, 2, 3].map((n) => `bt${v}_${n}.${'xyzw'[s]}`).join(', ')})`
        : loadVector(b, `k + ${s}u`, K, `n0 + ${4 * v}u`, N);
      emit(`    let b${s}_${v} = ${value};`);
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let v = 0; v < vectors; v++) {
      for (let s = 0; s < 4; s++) emit(`    c${r}_${v} = fma(vec4f(${elementA(r, s)}), b${s}_${v}, c${r}_${v});`);
    }
  }
  emit(`  }`);
  for (let v = 0; v < vectors; v++) {
    if (hasBias) {
      const bias = [0, 1, 2, 3].map((n) => `bias[min(n0 + ${4 * v + n}u, ${N - 1}u)]`);
      emit(`  let bias${v} = vec4f(${bias.join(', ')});`);
    }
    for (let r = 0; r < rows; r++) {
      const value = hasBias ? `c${r}_${v} + bias${v}` : `c${r}_${v}`;
      emit(`  store(id.z, m0 + ${r}u, n0 + ${4 * v}u, ${value});`);
    }
  }
  emit(`}`);

  const store =
    vectorC === 4
      ? `  if (m < ${M}u && n < ${N}u) { c[((batch * ${M}u + m) * ${N}u + n) / 4u] = value; }`
      : `  if (m >= ${M}u) { return; }
  let start = (batch * ${M}u + m) * ${N}u + n;
  if (n < ${N}u) { c[start] = value.x; }
  if (n + 1u < ${N}u) { c[start + 1u] = value.y; }
  if (n + 2u < ${N}u) { c[start + 2u] = value.z; }
  if (n + 3u < ${N}u) { c[start + 3u] = value.w; }`;
  const code = `${loadFunction(a)}
${loadFunction(b)}
fn store(batch: u32, m: u32, n: u32, value: vec4f) {
${store}
}
${lines.join('\n')}`;
  return {
    label: `${problemName(problem)} tile ${rows}x${columns}`,
    bindings: [read('a', a.vector), read('b', b.vector), ...(hasBias ? [read('bias')] : []), write('c', vectorC)],
    uniforms: [],
    workgroupSize: [tile.threads[0], tile.threads[1], 1],
    code,
  };
}

interface Loader {
  readonly name: 'a' | 'b';
  /** Elements in a stored row. */
  readonly row: number;
  readonly vector: 1 | 4;
}

/** Scalar operands: four neighbours of a row, zero beyond its end. */
function loadFunction({ name, row, vector }: Loader): string {
  if (vector === 4) return '';
  const value = (n: number) =>
    `select(0.0, ${name}[base + line * ${row}u + min(first + ${n}u, ${row - 1}u)], first + ${n}u < ${row}u)`;
  return `fn load_${name}(base: u32, line: u32, first: u32) -> vec4f {
  return vec4f(${[0, 1, 2, 3].map(value).join(', ')});
}`;
}

/**
 * WGSL of four neighbouring elements from `first` on in stored row `line`.
 *
 * @param lines number of lines if `line` may lie beyond them (the tail of K): such a line counts as zero
 */
function loadVector(loader: Loader, line: string, lines: number | undefined, first: string, length: number): string {
  const { name, row, vector } = loader;
  const mayOverrun = lines !== undefined && lines % 4 !== 0;
  const index = mayOverrun ? `min(${line}, ${lines - 1}u)` : line;
  const start = vector === 4 ? `min(${first}, ${length - 4}u)` : first;
  const value =
    vector === 4
      ? `${name}[base_${name} + (${index.includes(' ') ? `(${index})` : index}) * ${row / 4}u + (${start}) / 4u]`
      : `load_${name}(base_${name}, ${index}, ${first})`;
  return mayOverrun ? `select(vec4f(0.0), ${value}, ${line} < ${lines}u)` : value;
}
