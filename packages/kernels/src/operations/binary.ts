import { elementwiseOperation } from '../kernels/elementwise.ts';
import { outranks } from '../kernels/outranks.ts';
import { requireType } from '../trace/checks.ts';
import type { Tensor } from '../trace/trace.ts';
import { broadcastShape } from './broadcast-shape.ts';
import { keepWhere } from './keep-where.ts';
import { sumToShape } from './sum.ts';
import { unary } from './unary.ts';

interface BinaryRule {
  /** WGSL of the result from `a` and `b`. */
  readonly formula: string;
  /** The same for floats, where that is another; may use `outranks`. */
  readonly floatFormula?: string;
  /** Gradients of a and b before the sum over broadcast axes, from the gradient and the operands. */
  gradient(dy: Tensor, a: Tensor, b: Tensor): { a: () => Tensor; b: () => Tensor };
}

/** Functions of two variables, broadcast as in numpy. */
export const BINARY = {
  add: { formula: 'a + b', gradient: (dy) => ({ a: () => dy, b: () => dy }) },
  subtract: { formula: 'a - b', gradient: (dy) => ({ a: () => dy, b: () => unary('negate', dy) }) },
  multiply: { formula: 'a * b', gradient: (dy, a, b) => ({ a: () => multiply(dy, b), b: () => multiply(dy, a) }) },
  divide: {
    formula: 'a / b',
    gradient: (dy, a, b) => ({
      a: () => divide(dy, b),
      // d(a/b)/db = -a / b^2
      b: () => unary('negate', divide(multiply(dy, a), unary('square', b))),
    }),
  },
  // Of equal operands a counts as the larger, and as the smaller.
  maximum: {
    formula: 'max(a, b)',
    floatFormula: 'select(a, b, outranks(b, a))',
    gradient: (dy, a, b) => ({ a: () => keepWhere(dy, a, '>=', b), b: () => keepWhere(dy, a, '<', b) }),
  },
  minimum: {
    formula: 'min(a, b)',
    floatFormula: 'select(a, b, outranks(-b, -a))',
    gradient: (dy, a, b) => ({ a: () => keepWhere(dy, a, '<=', b), b: () => keepWhere(dy, a, '>', b) }),
  },
} as const satisfies Record<string, BinaryRule>;

/** Name of a function of two variables, as `binary` takes it. */
export type BinaryName = keyof typeof BINARY;

/**
 * y = f(a, b) with numpy's broadcasting: shapes are aligned at the right and sizes are equal or 1. Both are f32, or
 * both u32: then sums, differences and products are those modulo 2^32, quotients are rounded down (and are a where b is
 * 0), and there is no gradient.
 */
export function binary(name: BinaryName, a: Tensor, b: Tensor): Tensor {
  return a.graph.apply(binaryOperation, [a, b], { name })[0];
}

/** a + b, broadcast as in numpy; see `binary`. */
export const add = (a: Tensor, b: Tensor): Tensor => binary('add', a, b);

/** a - b, broadcast as in numpy; see `binary`. */
export const subtract = (a: Tensor, b: Tensor): Tensor => binary('subtract', a, b);

/** a b, element by element, broadcast as in numpy; see `binary`. */
export const multiply = (a: Tensor, b: Tensor): Tensor => binary('multiply', a, b);

/** a / b, broadcast as in numpy; see `binary`. */
export const divide = (a: Tensor, b: Tensor): Tensor => binary('divide', a, b);

/** The larger of a and b, NaN where one is NaN, broadcast as in numpy; of equal ones a gets the gradient. */
export const maximum = (a: Tensor, b: Tensor): Tensor => binary('maximum', a, b);

/** The smaller of a and b, NaN where one is NaN, broadcast as in numpy; of equal ones a gets the gradient. */
export const minimum = (a: Tensor, b: Tensor): Tensor => binary('minimum', a, b);

export const binaryOperation = elementwiseOperation<{ name: BinaryName }>({
  name: 'binary',
  title: ({ name }) => name,
  outputs([a, b], { name }) {
    requireType(b, a.dtype, name, 'b');
    return [{ shape: broadcastShape(name, a, b), dtype: a.dtype }];
  },
  formula({ inputs: [{ dtype }], attributes: { name } }) {
    const { formula, floatFormula }: BinaryRule = BINARY[name];
    const operands = ['a', 'b'];
    return dtype === 'f32' && floatFormula !== undefined
      ? { label: name, expression: floatFormula, operands, helpers: [outranks()] }
      : { label: name, expression: formula, operands };
  },
  backward(node, [dy], wanted) {
    if (dy === undefined) return [undefined, undefined];
    const [a, b] = node.inputs;
    const rule: BinaryRule = BINARY[node.attributes.name];
    const gradients = rule.gradient(dy, a, b);
    return [
      wanted[0] ? sumToShape(gradients.a(), a.shape) : undefined,
      wanted[1] ? sumToShape(gradients.b(), b.shape) : undefined,
    ];
  },
});
