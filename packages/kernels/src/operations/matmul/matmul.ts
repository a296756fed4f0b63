import { KernelError } from '../../errors.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { formatShape, type Shape } from '../../trace/shape.ts';
import type { Operation, Tensor } from '../../trace/trace.ts';
import { requireWord } from '../../trace/words.ts';
import { sumToShape } from '../sum.ts';
import { ACTIVATIONS, type Activation, unaryGradient } from '../unary.ts';
import { reshape } from '../view.ts';
import { productBatch, withOneBatchAxis } from './batches.ts';
import type { MatmulAttributes, MatmulProblem } from './problem.ts';
import { matmulDispatch } from './variants.ts';

/** How `matmul` reads its operands, and what it does to each sum. */
export interface MatmulOptions {
  /** a is stored (K, M). */
  readonly transposeA?: boolean;
  /** b is stored (N, K). */
  readonly transposeB?: boolean;
  /** (N), added to every row. */
  readonly bias?: Tensor;
  /**
   * Of the result's shape, added to it; instead of a bias. Bit for bit what `add(addend, matmul(a, b))` gives. The
   * result takes over its memory where nothing else needs it: sums of products grow in place.
   */
  readonly addend?: Tensor;
  /** Applied to each element of the sum. */
  readonly activation?: Activation;
}

/**
 * c = f(a b (+ bias or addend)), f32; f is the activation, if any.
 *
 * @param a (...batch, M, K); stored (.., K, M) with transposeA
 * @param b (...batch, K, N); stored (.., N, K) with transposeB; batch axes broadcast as in numpy
 * @returns (...batch, M, N)
 * @throws KernelError `shape` if the shapes do not fit, or if there are both a bias and an addend
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, bias, addend, activation } = options;
  if (bias !== undefined && addend !== undefined)
    throw new KernelError('shape', 'matmul: takes a bias or an addend, not both; add the other by add().');
  if (activation !== undefined) requireWord(activation, ACTIVATIONS, 'matmul: the activation');
  const added = bias !== undefined ? 'bias' : addend !== undefined ? 'addend' : 'nothing';
  const attributes = { transposeA, transposeB, added, activation } as const;
  requireMatrices(a, b);
  const batch = productBatch(a, b);
  const operands = batch.length === 0 ? [a, b] : withOneBatchAxis(a, b, batch, transposeA);
  const { M, N } = sizes(a, b, attributes);
  const shape = [...batch, M, N];
  if (addend !== undefined) requireAdded('addend', addend, shape);
  const third = bias ?? (addend && reshape(addend, productShape(operands, attributes)));
  const inputs = [...operands, third].filter((input) => input !== undefined);
  return reshape(a.graph.apply(matmulOperation, inputs, attributes)[0], shape);
}

function requireMatrices(a: Tensor, b: Tensor, mostAxes = Number.POSITIVE_INFINITY): void {
  const ranks = [a, b].every(({ shape }) => shape.length >= 2 && shape.length <= mostAxes);
  requireShape(ranks, 'matmul', 'a and b must be matrices or batches of matrices', a, b);
}

function requireAdded(added: string, third: Tensor, shape: Shape): void {
  const expected = formatShape(shape);
  requireShape(formatShape(third.shape) === expected, 'matmul', `${added} must be ${expected}`, third);
}

export const matmulOperation: Operation<MatmulAttributes> = {
  name: 'matmul',
  outputs(inputs, attributes) {
    const [a, b, third] = inputs;
    const { added } = attributes;
    for (const [index, input] of inputs.entries()) requireType(input, 'f32', 'matmul', ['a', 'b', added][index]);
    requireMatrices(a, b, 3);
    const { N, K, batch, innerB, batchB } = sizes(a, b, attributes);
    requireShape(K === innerB, 'matmul', `inner sizes ${K} and ${innerB} must be equal`, a, b);
    const batches = a.shape.length === 2 || b.shape.length === 2 || batch === batchB;
    requireShape(batches, 'matmul', 'batch sizes must be equal', a, b);
    const shape = productShape([a, b], attributes);
    if (added !== 'nothing') requireAdded(added, third, added === 'bias' ? [N] : shape);
    return [{ shape, dtype: 'f32' }];
  },
  inPlace: () => [{ input: 2, output: 0 }],
  accumulate({ inputs, attributes }, addend) {
    if (attributes.added !== 'nothing' || attributes.activation !== undefined) return undefined;
    return addend.graph.apply(matmulOperation, [...inputs, addend], { ...attributes, added: 'addend' })[0];
  },
  kernels(node, { inPlace, image }) {
    const problem = matmulProblem(node.inputs, node.attributes, inPlace);
    const [a, b, added] = node.inputs;
    const { M, N, K, transposeA, transposeB } = problem;
    const imageA = paysImages(problem) ? image(a, transposeA ? { lines: K, row: M } : { lines: M, row: K }) : undefined;
    const imageB = imageA && image(b, transposeB ? { lines: N, row: K } : { lines: K, row: N });
    const [operands, images] = imageA && imageB ? [[imageA, imageB], true] : [[a, b], false];
    if (added !== undefined && !inPlace) operands.push(added);
    return [matmulDispatch({ ...problem, images }, operands, node.outputs[0])];
  },
  backward(node, [dy], wanted) {
    if (dy === undefined) return [undefined, undefined, undefined];
    const [a, b, third] = node.inputs;
    const { transposeA, transposeB, activation } = node.attributes;
    const dc = activation === undefined ? dy : unaryGradient(activation, dy, { y: node.outputs[0] });
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
      third !== undefined && wanted[2] ? sumToShape(dc, third.shape) : undefined,
    ];
  },
};

/**
 * Whether copying both operands to textures takes less time than it saves: an element of a is read once for each tile
 * of columns, one of b once for each tile of rows.
 */
function paysImages({ M, N }: MatmulProblem): boolean {
  return M >= 32 && N >= 32;
}

/** The problem that the inputs and attributes of a node pose. */
export function matmulProblem(
  [a, b]: readonly Tensor[],
  attributes: MatmulAttributes,
  inPlace: boolean,
): MatmulProblem {
  const { M, N, K, batch } = sizes(a, b, attributes);
  const [batchedA, batchedB] = [a.shape.length === 3, b.shape.length === 3];
  return { ...attributes, batch, batchedA, batchedB, inPlace, images: false, M, N, K };
}

/** Of operands with at most one batch axis. */
function productShape([a, b]: readonly Tensor[], attributes: MatmulAttributes): Shape {
  const { M, N, batch } = sizes(a, b, attributes);
  return a.shape.length === 3 || b.shape.length === 3 ? [batch, M, N] : [M, N];
}

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
