import { elementwiseOperation } from '../kernels/elementwise.ts';
import { requireType } from '../trace/checks.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import type { Tensor } from '../trace/trace.ts';
import { requireWord } from '../trace/words.ts';

interface UnaryRule {
  readonly formula: string;
  /** May use the input `x` and the result `y`. */
  readonly derivative: string;
  /** Derivatives of the derivative by what it uses, left out where they are 0. */
  readonly second: { readonly x?: string; readonly y?: string };
  readonly helper?: string;
}

/**
 * The clamp keeps exp finite. It overflows harmlessly, 1 / (1 + inf) = 0, but a compiler may assume that nothing is
 * infinite.
 */
const SIGMOID = '1.0 / (1.0 + exp(-max(x, -80.0)))';

/**
 * Functions of one variable as WGSL, finite wherever the function is. tanh is clamped because WGSL leaves it undefined
 * beyond
 * |x| = 88.7 and some drivers return NaN from 44 on; at 15 it is 1 in f32 already.
 */
export const UNARY = {
  negate: { formula: '-x', derivative: '-1.0', second: {} },
  square: { formula: 'x * x', derivative: '2.0 * x', second: { x: '2.0' } },
  sqrt: { formula: 'sqrt(x)', derivative: '0.5 / y', second: { y: '-0.5 / (y * y)' } },
  rsqrt: { formula: 'inverseSqrt(x)', derivative: '-0.5 * y / x', second: { x: '0.5 * y / (x * x)', y: '-0.5 / x' } },
  exp: { formula: 'exp(x)', derivative: 'y', second: { y: '1.0' } },
  log: { formula: 'log(x)', derivative: '1.0 / x', second: { x: '-1.0 / (x * x)' } },
  sigmoid: {
    formula: SIGMOID,
    derivative: 'y * (1.0 - y)',
    second: { y: '1.0 - 2.0 * y' },
  },
  tanh: { formula: 'tanh(clamp(x, -15.0, 15.0))', derivative: '1.0 - y * y', second: { y: '-2.0 * y' } },
  abs: { formula: 'abs(x)', derivative: 'sign(x)', second: {} },
  reciprocal: { formula: '1.0 / x', derivative: '-y * y', second: { y: '-2.0 * y' } },
  relu: { formula: 'max(x, 0.0)', derivative: 'select(0.0, 1.0, y > 0.0)', second: {} },
  // Clevert et al., arXiv 1511.07289, with alpha 1.
  elu: {
    formula: 'select(exp(min(x, 0.0)) - 1.0, x, x > 0.0)',
    derivative: 'select(y + 1.0, 1.0, y > 0.0)',
    second: { y: 'select(1.0, 0.0, y > 0.0)' },
  },
  // Elfwing et al., arXiv 1702.03118; x sigmoid(x), also called swish.
  silu: {
    formula: 'select(x / (1.0 + exp(-max(x, -80.0))), 0.0, x < -80.0)',
    derivative: 'silu_derivative(x)',
    second: { x: 'silu_second(x)' },
    helper: `fn silu_derivative(x: f32) -> f32 {
  let s = ${SIGMOID};
  return select(s * (1.0 + x * (1.0 - s)), 0.0, x < -80.0);
}
fn silu_second(x: f32) -> f32 {
  let s = ${SIGMOID};
  return select(s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s)), 0.0, x < -80.0);
}`,
  },
  softplus: {
    formula: 'max(x, 0.0) + log(1.0 + exp(-abs(x)))',
    derivative: SIGMOID,
    second: { x: '1.0 / (2.0 + exp(min(abs(x), 80.0)) + exp(-abs(x)))' },
  },
  // Hendrycks and Gimpel, arXiv 1606.08415, the tanh form: 0.5 x (1 + tanh(u)), u = 0.79788456 (x + 0.044715 x^3).
  // Beyond
  // |x| = 6, where tanh(u) is 1 in f32, x counts as 6 in u: its cube would overflow from 7e12 on.
  gelu: {
    formula: '0.5 * x * (1.0 + gelu_tanh(gelu_clamp(x)))',
    derivative: 'gelu_derivative(gelu_clamp(x))',
    second: { x: 'gelu_second(gelu_clamp(x))' },
    helper: `fn gelu_clamp(x: f32) -> f32 { return select(x, sign(x) * 6.0, abs(x) > 6.0); }
fn gelu_tanh(x: f32) -> f32 { return tanh(0.7978845608 * (x + 0.044715 * x * x * x)); }
fn gelu_derivative(x: f32) -> f32 {
  let t = gelu_tanh(x);
  return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * 0.7978845608 * (1.0 + 0.134145 * x * x);
}
fn gelu_second(x: f32) -> f32 {
  let t = gelu_tanh(x);
  let slope = 0.7978845608 * (1.0 + 0.134145 * x * x);
  return (1.0 - t * t) * (slope + 0.5 * x * (0.7978845608 * 0.26829 * x - 2.0 * t * slope * slope));
}`,
  },
} as const satisfies Record<string, UnaryRule>;

/** Name of a function of one variable, as `unary` takes it. */
export type UnaryName = keyof typeof UNARY;

/** The words of `Activation`. */
export const ACTIVATIONS = ['elu', 'relu', 'sigmoid', 'tanh'] as const;
/**
 * Functions whose derivative follows from the result alone, so that what computes x can apply them without keeping it.
 */
export type Activation = (typeof ACTIVATIONS)[number];

/**
 * y = f(x), element by element. Of NaN most make NaN; sigmoid, tanh, relu and elu clamp, and what WGSL clamps may come
 * out as a number: `CHIPSMITH_DEBUG=nan` finds the operation that made it.
 *
 * @param x any shape, f32
 */
export function unary(name: UnaryName, x: Tensor): Tensor {
  requireWord(name, Object.keys(UNARY), 'unary: the name');
  return x.graph.apply(unaryOperation, [x], { name })[0];
}

export const unaryOperation = elementwiseOperation<{ name: UnaryName }>({
  name: 'unary',
  title: ({ name }) => name,
  outputs([x], { name }) {
    requireType(x, 'f32', name, 'x');
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  formula({ attributes: { name } }) {
    const { formula, helper }: UnaryRule = UNARY[name];
    return { label: name, expression: formula, operands: ['x'], ...(helper && { helpers: [helper] }) };
  },
  backward(node, [dy], [wanted]) {
    if (dy === undefined || !wanted) return [undefined];
    return [unaryGradient(node.attributes.name, dy, { x: node.inputs[0], y: node.outputs[0] })];
  },
});

/** dx from dy and those values that the derivative uses. */
export function unaryGradient<Name extends UnaryName>(
  name: Name,
  dy: Tensor,
  values: Name extends Activation ? { y: Tensor } : { x: Tensor; y: Tensor },
): Tensor {
  const known: Partial<Record<'x' | 'y', Tensor>> = values;
  const needed = usedBy(name).flatMap((value) => known[value] ?? []);
  return dy.graph.apply(unaryGradientOperation, [dy, ...needed], { name })[0];
}

/** What the derivative is computed from; the rest need not live until the backward pass. */
function usedBy(name: UnaryName): ('x' | 'y')[] {
  return (['x', 'y'] as const).filter((value) => new RegExp(`\\b${value}\\b`).test(UNARY[name].derivative));
}

/** dx = dy f'(x) from dy and what the derivative uses of x and y = f(x). */
export const unaryGradientOperation = elementwiseOperation<{ name: UnaryName }>({
  name: 'unaryGradient',
  outputs: ([dy]) => [{ shape: dy.shape, dtype: 'f32' }],
  formula({ attributes: { name } }) {
    const { derivative, helper }: UnaryRule = UNARY[name];
    return {
      label: `${name}Gradient`,
      expression: `dy * (${derivative})`,
      operands: ['dy', ...usedBy(name)],
      ...(helper && { helpers: [helper] }),
    };
  },
  backward({ operation, inputs, attributes }, [gradient], wanted) {
    if (gradient === undefined) return [];
    const { name } = attributes;
    const { second }: UnaryRule = UNARY[name];
    const [, ...values] = inputs;
    const slopes = usedBy(name).map((by, index) =>
      wanted[index + 1] && second[by] !== undefined
        ? gradient.graph.apply(unarySecondGradientOperation, [gradient, ...inputs], { name, by })[0]
        : undefined,
    );
    return [wanted[0] ? gradient.graph.apply(operation, [gradient, ...values], attributes)[0] : undefined, ...slopes];
  },
});

/** gradient dy f''(x): what flows back through dx = dy f'(x) to x, or to y. */
export const unarySecondGradientOperation = elementwiseOperation<{ name: UnaryName; by: 'x' | 'y' }>({
  name: 'unarySecondGradient',
  outputs: ([gradient]) => [{ shape: gradient.shape, dtype: 'f32' }],
  formula({ attributes: { name, by } }) {
    const { second, helper }: UnaryRule = UNARY[name];
    return {
      label: `${name}SecondGradient`,
      expression: `gradient * dy * (${second[by]})`,
      operands: ['gradient', 'dy', ...usedBy(name)],
      ...(helper && { helpers: [helper] }),
    };
  },
  backward: onceDifferentiable,
});
