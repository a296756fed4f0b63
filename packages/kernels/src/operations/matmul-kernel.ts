import { type Kernel, read, readWrite, write } from '../kernel.ts';

export interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** What is added to the product: a row for all rows, or a tensor of the result's shape. */
  readonly added: 'nothing' | 'bias' | 'addend';
}

/** Sizes of c[batch] = a[batch or 0] b[batch or 0], and where things lie. */
export interface MatmulProblem extends MatmulAttributes {
  readonly batch: number;
  readonly batchedA: boolean;
  readonly batchedB: boolean;
  /** The result takes over the memory of what is added, which then has as many elements. */
  readonly inPlace: boolean;
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

/** From the most work for each byte loaded to the most threads. */
export const MATMUL_TILES: readonly MatmulTile[] = [
  { rows: 16, columns: 16, threads: [8, 8] },
  { rows: 8, columns: 8, threads: [8, 8] },
  { rows: 4, columns: 8, threads: [8, 8] },
  { rows: 4, columns: 4, threads: [8, 8] },
  { rows: 2, columns: 4, threads: [8, 8] },
  { rows: 1, columns: 4, threads: [16, 4] },
];

/** "matmul NT 512x256x1024 bias": how a and b are stored, then M, N and K, and what is added. */
export function problemName({ transposeA, transposeB, added, inPlace, batch, M, N, K }: MatmulProblem): string {
  const sum = inPlace ? ' in place' : added === 'nothing' ? '' : ` ${added}`;
  const form = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
  return `matmul ${form} ${M}x${N}x${K}${batch > 1 ? ` batch ${batch}` : ''}${sum}`;
}

/**
 * One thread holds rows x columns of c in registers and walks K four steps at a time: register tiles with vec4 loads are the
 * common ground of the fast WebGPU kernels (ggml, tfjs, jax-js); workgroup memory helps discrete GPUs and hurts Apple's
 * and llvmpipe. Every element of c is one chain of fma over rising K, whatever the tile, so that all tiles give the same
 * bits. Operands whose rows are not whole vec4s are
 * loaded element by element; rows and columns beyond the edge read the last one and are not stored.
 */
export function matmulKernel(problem: MatmulProblem, tile: MatmulTile): Kernel {
  const { M, N, K, transposeA, transposeB, inPlace, batchedA, batchedB } = problem;
  const added = inPlace ? 'addend' : problem.added;
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
  // Four steps of K of a row, or of four rows, loaded just before they are used: all of them beforehand do not fit into
  // llvmpipe's registers (16x16 at 1024 cubed: NN 27 instead of 21 % of its FMA peak, TN 26 instead of 21).
  for (let r = 0; r < rows; r++) {
    if (!transposeA) emit(`    let a${r} = ${loadVector(a, `row${r}`, undefined, 'k', K)};`);
    else if (r % 4 === 0) {
      for (let s = 0; s < 4; s++) emit(`    let at${s}_${r / 4} = ${loadVector(a, `k + ${s}u`, K, `m0 + ${r}u`, M)};`);
    }
    for (let v = 0; v < vectors; v++) {
      for (let s = 0; s < 4; s++) emit(`    c${r}_${v} = fma(vec4f(${elementA(r, s)}), b${s}_${v}, c${r}_${v});`);
    }
  }
  emit(`  }`);
  for (let v = 0; v < vectors; v++) {
    if (added === 'bias') {
      const bias = [0, 1, 2, 3].map((n) => `bias[min(n0 + ${4 * v + n}u, ${N - 1}u)]`);
      emit(`  let bias${v} = vec4f(${bias.join(', ')});`);
    }
    for (let r = 0; r < rows; r++) {
      const value = added === 'bias' ? `c${r}_${v} + bias${v}` : `c${r}_${v}`;
      emit(`  store(id.z, m0 + ${r}u, n0 + ${4 * v}u, ${value});`);
    }
  }
  emit(`}`);

  // Each thread reads of the addend what it stores, so that the result may lie where the addend does.
  const addend = (at: string) => (added === 'addend' ? `${inPlace ? 'c' : 'addend'}[${at}] + ` : '');
  const store =
    vectorC === 4
      ? `  if (m >= ${M}u || n >= ${N}u) { return; }
  let at = ((batch * ${M}u + m) * ${N}u + n) / 4u;
  c[at] = ${addend('at')}value;`
      : `  if (m >= ${M}u) { return; }
  let at = (batch * ${M}u + m) * ${N}u + n;
${[0, 1, 2, 3].map((i) => `  if (n + ${i}u < ${N}u) { c[at + ${i}u] = ${addend(`at + ${i}u`)}value[${i}]; }`).join('\n')}`;
  const code = `${loadFunction(a)}
${loadFunction(b)}
fn store(batch: u32, m: u32, n: u32, value: vec4f) {
${store}
}
${lines.join('\n')}`;
  return {
    label: `${problemName(problem)} tile ${rows}x${columns}`,
    bindings: [
      read('a', a.vector),
      read('b', b.vector),
      ...(inPlace || added === 'nothing' ? [] : [read(added, added === 'bias' ? 1 : vectorC)]),
      inPlace ? readWrite('c', vectorC) : write('c', vectorC),
    ],
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
