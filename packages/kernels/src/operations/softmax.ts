import { read } from '../kernels/kernel.ts';
import { overwritable, type RowLoops, rowLayout, rowsDispatch } from '../kernels/row-kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { overwritesFirst } from '../trace/operation.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { multiply, subtract } from './binary.ts';
import { sum } from './sum.ts';
import { unary } from './unary.ts';

/**
 * Softmax over the last axis: y_c = exp(x_c - max x) / sum of the same over all c.
 *
 * @param x (..., C) f32
 * @returns the shape of x; each row is positive and sums to 1, but for rows of nothing but minus infinity, which give
 *   zeros
 */
export function softmax(x: Tensor): Tensor {
  return x.graph.apply(softmaxOperation, [x], { logarithm: false })[0];
}

/**
 * log(softmax(x)) over the last axis, also where probabilities underflow: x_c - max x - log(sum(exp(x - max x))). Rows
 * of nothing but minus infinity stay as they are.
 */
export function logSoftmax(x: Tensor): Tensor {
  return x.graph.apply(softmaxOperation, [x], { logarithm: true })[0];
}

export const softmaxOperation: Operation<{ logarithm: boolean }> = {
  name: 'softmax',
  inPlace: overwritesFirst,
  outputs([x], { logarithm }) {
    const name = logarithm ? 'logSoftmax' : 'softmax';
    requireType(x, 'f32', name, 'x');
    requireShape(x.shape.length > 0, name, 'x must have an axis', x);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  kernels(node, { inPlace }) {
    const { logarithm } = node.attributes;
    const [x] = node.inputs;
    const [y] = node.outputs;
    const layout = rowLayout(x.shape);
    const source = inPlace ? 'result' : 'x';
    const value = `load_${source}(start + c)`;
    const kernel = {
      label: logarithm ? 'logSoftmax' : 'softmax',
      bindings: overwritable('x', layout.vector, inPlace),
      body: ({ max, sums, each }: RowLoops) => `${max('highest', value)}
${sums({ total: `exp(${value} - highest)` })}
  // The total is at least 1, but 0 where all are minus infinity.
  let all = select(${logarithm ? 'log(total)' : '1.0 / total'}, 0.0, total == 0.0);
${each(`    store_result(start + c, ${logarithm ? `${value} - highest - all` : `exp(${value} - highest) * all`});`)}`,
    };
    return [rowsDispatch(layout, kernel, inPlace ? [y] : [y, x])];
  },
  backward(node, [dy], [wanted]) {
    if (dy === undefined || !wanted) return [undefined];
    return [softmaxGradient(dy, node.outputs[0], node.attributes.logarithm)];
  },
};

function softmaxGradient(dy: Tensor, y: Tensor, logarithm: boolean): Tensor {
  return dy.graph.apply(softmaxGradientOperation, [dy, y], { logarithm })[0];
}

/** dx = y (dy - sum(dy y)) for the softmax, dx = dy - exp(y) sum(dy) for its logarithm; sums over the row. */
export const softmaxGradientOperation: Operation<{ logarithm: boolean }> = {
  name: 'softmaxGradient',
  inPlace: overwritesFirst,
  outputs: ([dy]) => [{ shape: dy.shape, dtype: 'f32' }],
  kernels(node, { inPlace }) {
    const { logarithm } = node.attributes;
    const [dy, y] = node.inputs;
    const [dx] = node.outputs;
    const layout = rowLayout(y.shape);
    const source = inPlace ? 'load_result(start + c)' : 'load_dy(start + c)';
    const kernel = {
      label: logarithm ? 'logSoftmaxGradient' : 'softmaxGradient',
      bindings: [read('y', layout.vector), ...overwritable('dy', layout.vector, inPlace)],
      body: ({ sums, each }: RowLoops) => `${sums({ all: logarithm ? source : `${source} * load_y(start + c)` })}
${each(`    store_result(start + c, ${logarithm ? `${source} - exp(load_y(start + c)) * all` : `load_y(start + c) * (${source} - all)`});`)}`,
    };
    return [rowsDispatch(layout, kernel, [y, dx, ...(inPlace ? [] : [dy])])];
  },
  backward(node, [gradient], wanted) {
    if (gradient === undefined) return [undefined, undefined];
    const [dy, y] = node.inputs;
    const { logarithm } = node.attributes;
    const rowSum = (x: Tensor) => sum(x, [-1], { keepAxes: true });
    // By dy: the softmax's Jacobian is symmetric, that of its logarithm is not.
    const byDy = () =>
      logarithm
        ? subtract(gradient, rowSum(multiply(gradient, unary('exp', y))))
        : softmaxGradient(gradient, y, logarithm);
    const byY = () =>
      logarithm
        ? unary('negate', multiply(multiply(gradient, unary('exp', y)), rowSum(dy)))
        : subtract(
            multiply(gradient, subtract(dy, rowSum(multiply(dy, y)))),
            multiply(dy, rowSum(multiply(gradient, y))),
          );
    return [wanted[0] ? byDy() : undefined, wanted[1] ? byY() : undefined];
  },
};
