import { type Feature, type Kernel, read, readMatrix, readWrite, write } from '../../kernels/kernel.ts';
import { type Activation, UNARY } from '../unary.ts';

export interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** What is added to the product: a row for all rows, or a tensor of the result's shape. */
  readonly added: 'nothing' | 'bias' | 'addend';
  /** Applied to the sum. */
  readonly activation?: Activation | undefined;
}

/** Sizes of c[batch] = a[batch or 0] b[batch or 0], and where things lie. */
export interface MatmulProblem extends MatmulAttributes {
  readonly batch: number;
  readonly batchedA: boolean;
  readonly batchedB: boolean;
  /** The result takes over the memory of what is added, which then has as many elements. */
  readonly inPlace: boolean;
  /** Both operands lie in textures, as `imageLayout` has it: whole vec4s, and zeros beyond K. */
  readonly images: boolean;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** "matmul NT 512x256x1024 bias": how a and b are stored, then M, N and K, what is added, and the activation. */
export function problemName(problem: MatmulProblem): string {
  const { transposeA, transposeB, added, activation, inPlace, batch, M, N, K } = problem;
  const sum = inPlace ? ' in place' : added === 'nothing' ? '' : ` ${added}`;
  const form = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
  return `matmul ${form} ${M}x${N}x${K}${batch > 1 ? ` batch ${batch}` : ''}${sum}${activation ? ` ${activation}` : ''}`;
}

/** Few elements of long sums are what weight gradients are: too few threads, unless several share an element. */
const FEW_ELEMENTS = 2 ** 16;
const LONG_SUM = 512;
const CHUNKS = 8;

/**
 * The order of sums, the same in every kernel of a problem: an element is one chain of fma over rising k, or where sums
 * are long and elements few, eight chains over equal parts of K, added up in their order.
 *
 * @returns how many chains, and how many steps of k each takes at most: a multiple of 4
 */
export function sumOrder({ batch, M, N, K }: MatmulProblem): { chunks: number; length: number } {
  const chunks = K >= LONG_SUM && batch * M * N <= FEW_ELEMENTS ? CHUNKS : 1;
  return { chunks, length: 4 * Math.ceil(K / 4 / chunks) };
}

/** How a kernel reads an operand. */
export interface Operand {
  readonly name: 'a' | 'b';
  /** Elements in a stored row: the axis along which vec4s lie. */
  readonly row: number;
  /** Stored rows of a matrix, and whether zeros follow up to the next multiple of four. */
  readonly lines: number;
  readonly padded: boolean;
  readonly vector: 1 | 4;
}

/** Both operands, read in vec4s where rows allow it. @param rows of c that a thread computes */
export function operandsOf(
  { transposeA, transposeB, images, M, N, K }: MatmulProblem,
  rows: number,
): [Operand, Operand] {
  const [rowA, linesA] = transposeA ? [M, K] : [K, M];
  const [rowB, linesB] = transposeB ? [K, N] : [N, K];
  const whole = (row: number) => images || row % 4 === 0;
  return [
    {
      name: 'a',
      row: rowA,
      lines: linesA,
      padded: images,
      vector: whole(rowA) && (!transposeA || rows % 4 === 0) ? 4 : 1,
    },
    { name: 'b', row: rowB, lines: linesB, padded: images, vector: whole(rowB) ? 4 : 1 },
  ];
}

/**
 * WGSL that declares `base_a` and `base_b`, where the matrices of a batch begin: lines, or elements of scalar operands.
 */
export function baseOffsets({ batchedA, batchedB }: MatmulProblem, operands: [Operand, Operand], batch: string) {
  const base = ({ name, row, lines, padded, vector }: Operand, batched: boolean) => {
    const stride = padded ? 4 * Math.ceil(lines / 4) : vector === 4 ? lines : lines * row;
    return `  let base_${name} = ${batched ? `${batch} * ${stride}u` : '0u'};`;
  };
  return `${base(operands[0], batchedA)}\n${base(operands[1], batchedB)}`;
}

/**
 * WGSL of four neighbouring elements from `first` on in stored row `line`.
 *
 * @param lines number of lines if `line` may lie beyond them (the tail of K): such a line counts as zero
 */
export function loadVector(operand: Operand, line: string, lines: number | undefined, first: string, length: number) {
  const { name, padded, vector } = operand;
  const mayOverrun = lines !== undefined && lines % 4 !== 0 && !padded;
  const index = mayOverrun ? `min(${line}, ${lines - 1}u)` : line;
  const last = padded ? 4 * Math.ceil(length / 4) - 4 : length - 4;
  const value =
    vector === 4
      ? `load_${name}(base_${name} + ${index}, min(${first}, ${last}u) / 4u)`
      : `vector_${name}(base_${name}, ${index}, ${first})`;
  return mayOverrun ? `select(vec4f(0.0), ${value}, ${line} < ${lines}u)` : value;
}

/** WGSL of the bias of four neighbouring columns from `n` on. */
export function biasVector({ N }: MatmulProblem, n: string): string {
  return `vec4f(${[0, 1, 2, 3].map((i) => `load_bias(min(${n} + ${i}u, ${N - 1}u))`).join(', ')})`;
}

/** What is added: a bias that lies where the result goes has as many elements, and is an addend. */
export function addition({ added, inPlace }: MatmulProblem): MatmulProblem['added'] {
  return inPlace ? 'addend' : added;
}

/**
 * A kernel of a problem: `body` is its `fn main`, which loads by `loadVector` and calls `store(batch, m, n, vec4f)`.
 */
export function matmulShader(
  problem: MatmulProblem,
  operands: [Operand, Operand],
  shader: { name: string; workgroupSize: Kernel['workgroupSize']; requires?: readonly Feature[]; body: string },
): Kernel {
  const { name, body, ...rest } = shader;
  const [a, b] = operands;
  const added = addition(problem);
  const vector = problem.N % 4 === 0 ? 4 : 1;
  return {
    ...rest,
    label: `${problemName(problem)} ${name}`,
    bindings: [
      operandBinding(a),
      operandBinding(b),
      ...(problem.inPlace || added === 'nothing' ? [] : [read(added, added === 'bias' ? 1 : vector)]),
      problem.inPlace ? readWrite('c', vector) : write('c', vector),
    ],
    uniforms: [],
    code: `${loadFunction(a)}${loadFunction(b)}${storeFunction(problem)}\n${body}`,
  };
}

const operandBinding = ({ name, row, vector }: Operand) =>
  vector === 4 ? readMatrix(name, Math.ceil(row / 4)) : read(name);

/** Scalar operands: four neighbours of a row, zero beyond its end. */
function loadFunction({ name, row, vector }: Operand): string {
  if (vector === 4) return '';
  const value = (n: number) =>
    `select(0.0, load_${name}(base + line * ${row}u + min(first + ${n}u, ${row - 1}u)), first + ${n}u < ${row}u)`;
  return `fn vector_${name}(base: u32, line: u32, first: u32) -> vec4f {
  return vec4f(${[0, 1, 2, 3].map(value).join(', ')});
}
`;
}

/**
 * Stores what lies inside. Each thread reads of the addend what it stores, so that the result may lie where that does.
 */
function storeFunction(problem: MatmulProblem): string {
  const { M, N, inPlace, activation } = problem;
  const addend = (at: string) => (addition(problem) === 'addend' ? `load_${inPlace ? 'c' : 'addend'}(${at}) + ` : '');
  const activate = activation && `fn activate(x: f32) -> f32 { return ${UNARY[activation].formula}; }\n`;
  const applied = (sum: string) => (activate ? `activate(${sum})` : sum);
  const element = (i: number) =>
    `  if (n + ${i}u < ${N}u) { store_c(at + ${i}u, ${applied(`${addend(`at + ${i}u`)}value[${i}]`)}); }`;
  const whole = `${addend('at')}value`;
  const parts = ['x', 'y', 'z', 'w'].map((part) => applied(`sum.${part}`)).join(', ');
  const body =
    N % 4 === 0
      ? `  if (m >= ${M}u || n >= ${N}u) { return; }
  let at = ((batch * ${M}u + m) * ${N}u + n) / 4u;
  let sum = ${whole};
  store_c(at, ${activate ? `vec4f(${parts})` : 'sum'});`
      : `  if (m >= ${M}u) { return; }
  let at = (batch * ${M}u + m) * ${N}u + n;
${[0, 1, 2, 3].map(element).join('\n')}`;
  return `${activate ?? ''}fn store(batch: u32, m: u32, n: u32, value: vec4f) {
${body}
}`;
}
