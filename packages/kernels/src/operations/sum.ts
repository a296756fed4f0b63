import { linearDispatch } from '../kernels/dispatch.ts';
import { elementwiseOperation } from '../kernels/elementwise.ts';
import { read, wgslFloat, write } from '../kernels/kernel.ts';
import type { Dispatch, Operation } from '../trace/operation.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../trace/shape.ts';
import { requireShape, requireType, type Tensor } from '../trace/tensor.ts';
import { partCount, type ReductionOptions, reduceAxes } from './reduction.ts';
import { unaryGradient } from './unary.ts';
import { reshape } from './view.ts';

/**
 * Sum over axes.
 *
 * @param x f32
 * @param axes all of them if left out; -1 is the last
 */
export function sum(x: Tensor, axes?: readonly number[], options: ReductionOptions = {}): Tensor {
  return reduceAxes('sum', x, axes, options, (flat) => {
    return x.graph.apply(sumOperation, [flat], { squared: false })[0];
  });
}

/** Sum of the squares of all elements, without a place for the squares: an arena of gradients is as large as the model. */
export function sumOfSquares(x: Tensor): Tensor {
  const flat = reshape(x, [1, elementCount(x.shape), 1]);
  return reshape(x.graph.apply(sumOperation, [flat], { squared: true })[0], []);
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

/** Of the elements, or of their squares: (outer, length, inner) -> (outer, 1, inner). */
export const sumOperation: Operation<{ squared: boolean }> = {
  name: 'sum',
  outputs([x]) {
    requireType(x, 'f32', 'sum', 'x');
    return [{ shape: x.shape.with(1, 1), dtype: 'f32' }];
  },
  kernels(node, { scratch }) {
    const [x] = node.inputs;
    const { squared } = node.attributes;
    const [outer, length, inner] = x.shape;
    const parts = partCount(outer * inner, length);
    if (parts === 1) return [partialSums(x, node.outputs[0], { outer, length, inner, parts, squared })];
    const partial = scratch([outer, parts, inner]);
    return [
      partialSums(x, partial, { outer, length, inner, parts, squared }),
      partialSums(partial, node.outputs[0], { outer, length: parts, inner, parts: 1 }),
    ];
  },
  backward({ inputs: [x], attributes }, [dy]) {
    if (dy === undefined) return [undefined];
    const each = broadcast(dy, x.shape);
    // The derivative of the square uses x alone, whatever its y.
    return [attributes.squared ? unaryGradient('square', each, { x, y: x }) : each];
  },
};

/** Sums over each of some parts of an axis, of elements or squares: (outer, length, inner) -> (outer, parts, inner). */
export function partialSums(
  x: Tensor,
  result: Tensor,
  {
    outer,
    length,
    inner,
    parts,
    squared = false,
  }: { outer: number; length: number; inner: number; parts: number; squared?: boolean },
): Dispatch {
  const threads = outer * parts * inner;
  const chunk = Math.ceil(length / parts);
  return linearDispatch({
    label: squared ? 'sum of squares' : 'sum',
    bindings: [read('x'), write('result')],
    operands: [x, result],
    threads,
    body: `  let column = index % ${inner}u;
  let part = index / ${inner}u % ${parts}u;
  let row = index / ${inner * parts}u;
  let end = min((part + 1u) * ${chunk}u, ${length}u);
  var total = 0.0;
  for (var i = part * ${chunk}u; i < end; i++) {
    let value = load_x((row * ${length}u + i) * ${inner}u + column);
    total += ${squared ? 'value * value' : 'value'};
  }
  store_result(index, total);`,
  });
}

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
