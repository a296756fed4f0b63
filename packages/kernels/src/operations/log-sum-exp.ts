import { linearDispatch } from '../kernels/dispatch.ts';
import { elementwiseOperation } from '../kernels/elementwise.ts';
import { read, write } from '../kernels/kernel.ts';
import { requireType } from '../trace/checks.ts';
import type { Dispatch, Operation, Tensor } from '../trace/trace.ts';
import { multiply } from './binary.ts';
import { broadcastShape } from './broadcast-shape.ts';
import { partCount, type ReductionOptions, reduceAxes } from './reduction.ts';
import { sumToShape } from './sum.ts';
import { unary } from './unary.ts';

/**
 * log(sum(exp(x))) over axes, by the largest element, so that no exponential overflows. Elements of -infinity count for
 * nothing; of nothing else the result is -infinity, and the gradient 0.
 *
 * @param x f32, below infinity
 * @param axes all of them if left out; -1 is the last
 */
export function logSumExp(x: Tensor, axes?: readonly number[], options: ReductionOptions = {}): Tensor {
  return reduceAxes('logSumExp', x, axes, options, (flat) => x.graph.apply(logSumExpOperation, [flat], {})[0]);
}

/** (outer, length, inner) -> (outer, 1, inner) */
export const logSumExpOperation: Operation<object> = {
  name: 'logSumExp',
  outputs([x]) {
    requireType(x, 'f32', 'logSumExp', 'x');
    return [{ shape: x.shape.with(1, 1), dtype: 'f32' }];
  },
  kernels({ inputs: [x], outputs: [y] }, { scratch }) {
    const [outer, length, inner] = x.shape;
    const parts = partCount(outer * inner, length);
    if (parts === 1) return [logSumExpOfParts(x, y, parts)];
    // The logarithms of the parts' sums are summed in the same way.
    const partial = scratch([outer, parts, inner]);
    return [logSumExpOfParts(x, partial, parts), logSumExpOfParts(partial, y, 1)];
  },
  backward({ inputs: [x], outputs: [y] }, [dy], [wanted]) {
    return [dy !== undefined && wanted ? logSumExpGradient(dy, x, y) : undefined];
  },
};

/** Of each of some parts of the axis: (outer, length, inner) -> (outer, parts, inner). */
function logSumExpOfParts(x: Tensor, result: Tensor, parts: number): Dispatch {
  const [outer, length, inner] = x.shape;
  const chunk = Math.ceil(length / parts);
  return linearDispatch({
    label: 'logSumExp',
    bindings: [read('x'), write('result')],
    operands: [x, result],
    threads: outer * parts * inner,
    // -infinity by its bits, and those in a variable: WGSL has no such constant. A NaN makes the total one, and so the
    // result.
    body: `  let column = index % ${inner}u;
  let part = index / ${inner}u % ${parts}u;
  let row = index / ${inner * parts}u;
  let end = min((part + 1u) * ${chunk}u, ${length}u);
  var highest = -3.4028234e38;
  for (var i = part * ${chunk}u; i < end; i++) { highest = max(highest, load_x((row * ${length}u + i) * ${inner}u + column)); }
  var total = 0.0;
  for (var i = part * ${chunk}u; i < end; i++) { total += exp(load_x((row * ${length}u + i) * ${inner}u + column) - highest); }
  var infinity = 0xff800000u;
  store_result(index, select(highest + log(total), bitcast<f32>(infinity), total == 0.0));`,
  });
}

function logSumExpGradient(dy: Tensor, x: Tensor, y: Tensor): Tensor {
  return dy.graph.apply(logSumExpGradientOperation, [dy, x, y], {})[0];
}

/** dx = dy exp(x - y), and 0 where y is -infinity. dy and y broadcast to x. */
export const logSumExpGradientOperation = elementwiseOperation<object>({
  name: 'logSumExpGradient',
  outputs: ([dy, x, y]) => [{ shape: broadcastShape('logSumExpGradient', dy, x, y), dtype: 'f32' }],
  formula: () => ({
    label: 'logSumExpGradient',
    expression: 'select(dy * exp(x - y), 0.0, bitcast<u32>(y) == 0xff800000u)',
    operands: ['dy', 'x', 'y'],
  }),
  backward({ inputs: [dy, x, y] }, [gradient], wanted) {
    if (gradient === undefined) return [undefined, undefined, undefined];
    // The derivative by x is the gradient itself times what flows back, that by y the opposite.
    const slope = () => logSumExpGradient(multiply(gradient, dy), x, y);
    return [
      wanted[0] ? sumToShape(logSumExpGradient(gradient, x, y), dy.shape) : undefined,
      wanted[1] ? slope() : undefined,
      wanted[2] ? sumToShape(unary('negate', slope()), y.shape) : undefined,
    ];
  },
});
