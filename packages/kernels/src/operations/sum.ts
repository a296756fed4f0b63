import { elementwiseOperation } from '../kernels/elementwise.ts';
import { wgslFloat } from '../kernels/kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { sumOverAxis } from './axis-sums.ts';
import { type AxisRun, flatShape, type ReductionOptions, reducedShape, reduceRuns } from './reduction.ts';
import { unaryGradient } from './unary.ts';
import { reshape } from './view.ts';

/**
 * Sum over axes.
 *
 * @param x f32
 * @param axes all of them if left out; -1 is the last
 */
export function sum(x: Tensor, axes?: readonly number[], options: ReductionOptions = {}): Tensor {
  return reduceRuns('sum', x, axes, options, (from, run) => {
    return x.graph.apply(sumOperation, [from], { run, squared: false })[0];
  });
}

/**
 * Sum of the squares of all elements, without a place for the squares: an arena of gradients is as large as the model.
 */
export function sumOfSquares(x: Tensor): Tensor {
  const run = { first: 0, last: x.shape.length - 1 };
  return reshape(x.graph.apply(sumOperation, [x], { run, squared: true })[0], []);
}

/** Mean over axes, as `sum`. */
export function mean(x: Tensor, axes?: readonly number[], options: ReductionOptions = {}): Tensor {
  const total = sum(x, axes, options);
  return scale(total, elementCount(total.shape) / elementCount(x.shape));
}

/** y = factor x for a factor known when the graph is made. */
export function scale(x: Tensor, factor: number): Tensor {
  return x.graph.apply(scaleOperation, [x], { factor })[0];
}

/** Repeats x to a larger shape, aligned at the right as in numpy. */
export function broadcast(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : x.graph.apply(broadcastOperation, [x], { shape })[0];
}

/** The adjoint of broadcasting: sums over the axes that were repeated. */
export function sumToShape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.shape.length - shape.length;
  const repeated = [...x.shape.keys()].filter((axis) => (axis < lead ? 1 : shape[axis - lead]) !== x.shape[axis]);
  return reshape(sum(x, repeated, { keepAxes: true }), shape);
}

/** Of the elements, or of their squares, over a run of axes. */
export const sumOperation: Operation<{ run: AxisRun; squared: boolean }> = {
  name: 'sum',
  outputs([x], { run }) {
    requireType(x, 'f32', 'sum', 'x');
    return [{ shape: reducedShape(x.shape, run), dtype: 'f32' }];
  },
  kernels(node, { scratch }) {
    const [x] = node.inputs;
    const { run, squared } = node.attributes;
    const [outer, length, inner] = flatShape(x.shape, run);
    return sumOverAxis(x, { outer, length, inner }, node.outputs[0], scratch, squared);
  },
  backward({ inputs: [x], attributes }, [dy]) {
    if (dy === undefined) return [undefined];
    const each = broadcast(dy, x.shape);
    // The derivative of the square uses x alone, whatever its y.
    return [attributes.squared ? unaryGradient('square', each, { x, y: x }) : each];
  },
};

export const broadcastOperation = elementwiseOperation<{ shape: Shape }>({
  name: 'broadcast',
  outputs([x], { shape }) {
    requireType(x, 'f32', 'broadcast', 'x');
    const fits = x.shape.every((size, axis) => {
      const target = shape[axis + shape.length - x.shape.length];
      return size === 1 || size === target;
    });
    requireShape(
      fits && x.shape.length <= shape.length,
      'broadcast',
      `sizes must be 1 or those of ${formatShape(shape)}`,
      x,
    );
    return [{ shape, dtype: 'f32' }];
  },
  formula: () => ({ label: 'broadcast', expression: 'x', operands: ['x'] }),
  backward: (node, [dy]) => [dy === undefined ? undefined : sumToShape(dy, node.inputs[0].shape)],
});

export const scaleOperation = elementwiseOperation<{ factor: number }>({
  name: 'scale',
  outputs([x]) {
    requireType(x, 'f32', 'scale', 'x');
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  formula: ({ attributes: { factor } }) => ({
    label: 'scale',
    expression: `x * ${wgslFloat(factor)}`,
    operands: ['x'],
  }),
  backward: (node, [dy]) => [dy === undefined ? undefined : scale(dy, node.attributes.factor)],
});
