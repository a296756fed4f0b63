import {
  type Dispatch,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  wgslFloat,
  write,
} from '../kernel.ts';
import type { Operation } from '../operation.ts';
import { elementCount, formatShape, requireShape, requireType, type Shape, sameShape, type Tensor } from '../tensor.ts';
import { elementwise } from './elementwise.ts';
import { reshape } from './view.ts';

/**
 * Sum over axes.
 *
 * @param x f32
 * @param axes axes to sum over; all of them if left out
 * @param options.keepAxes leave summed axes as size 1 instead of dropping them
 */
export function sum(x: Tensor, axes?: readonly number[], options: { keepAxes?: boolean } = {}): Tensor {
  const summed = new Set(axes ?? x.shape.keys());
  const exist = [...summed].every((axis) => Number.isInteger(axis) && axis >= 0 && axis < x.shape.length);
  requireShape(exist, 'sum', `axes ${[...summed]} must exist`, x);
  // Neighbouring axes are one axis of the flat data, so all of them take one step.
  let result = summed.size === x.shape.length ? reshape(x, [elementCount(x.shape)]) : x;
  if (summed.size === x.shape.length) {
    result = x.graph.apply(sumOperation, [result], { axis: 0 })[0];
  } else {
    for (const axis of summed) result = x.graph.apply(sumOperation, [result], { axis })[0];
  }
  const kept = x.shape.map((size, axis) => (summed.has(axis) ? 1 : size));
  return reshape(result, options.keepAxes ? kept : kept.filter((_, axis) => !summed.has(axis)));
}

/** Mean over all elements, a scalar. */
export function mean(x: Tensor): Tensor {
  return scale(sum(x), 1 / elementCount(x.shape));
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

/** Sum over one axis, which becomes 1: (outer, axis, inner) -> (outer, 1, inner). */
export const sumOperation: Operation<{ axis: number }> = {
  name: 'sum',
  outputs([x], { axis }) {
    requireType(x, 'f32', 'sum', 'x');
    return [{ shape: x.shape.with(axis, 1), dtype: 'f32' }];
  },
  kernels(node, { scratch }) {
    const [x] = node.inputs;
    const { axis } = node.attributes;
    const outer = elementCount(x.shape.slice(0, axis));
    const inner = elementCount(x.shape.slice(axis + 1));
    const length = x.shape[axis];
    const parts = partCount(outer * inner, length);
    if (parts === 1) return [partialSums(x, node.outputs[0], { outer, length, inner, parts })];
    const partial = scratch([outer, parts, inner]);
    return [
      partialSums(x, partial, { outer, length, inner, parts }),
      partialSums(partial, node.outputs[0], { outer, length: parts, inner, parts: 1 }),
    ];
  },
  backward: (node, [dy]) => [dy === undefined ? undefined : broadcast(dy, node.inputs[0].shape)],
};

/** Few long sums are cut so that some thousand threads have work; each part keeps at least 16 terms. */
export function partCount(sums: number, length: number): number {
  const wanted = Math.ceil(4096 / sums);
  return Math.max(1, Math.min(wanted, Math.floor(length / 16)));
}

export function partialSums(
  x: Tensor,
  result: Tensor,
  { outer, length, inner, parts }: { outer: number; length: number; inner: number; parts: number },
): Dispatch {
  const threads = outer * parts * inner;
  const chunk = Math.ceil(length / parts);
  return {
    kernel: {
      label: 'sum',
      bindings: [read('x'), write('result')],
      uniforms: [],
      workgroupSize: [LINEAR_WORKGROUP, 1, 1],
      code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  let column = index % ${inner}u;
  let part = index / ${inner}u % ${parts}u;
  let row = index / ${inner * parts}u;
  let end = min((part + 1u) * ${chunk}u, ${length}u);
  var total = 0.0;
  for (var i = part * ${chunk}u; i < end; i++) {
    total += x[(row * ${length}u + i) * ${inner}u + column];
  }
  result[index] = total;
}`,
    },
    operands: [x, result],
    uniforms: [],
    workgroups: linearGrid(threads, LINEAR_WORKGROUP),
  };
}

export const broadcastOperation: Operation<{ shape: Shape }> = {
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
  kernels: (node) => [elementwise('broadcast', 'x', { x: node.inputs[0] }, node.outputs[0], undefined)],
  backward: (node, [dy]) => [dy === undefined ? undefined : sumToShape(dy, node.inputs[0].shape)],
};

export const scaleOperation: Operation<{ factor: number }> = {
  name: 'scale',
  inPlace: { input: 0, output: 0 },
  outputs([x]) {
    requireType(x, 'f32', 'scale', 'x');
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  kernels(node, { inPlace }) {
    const formula = `x * ${wgslFloat(node.attributes.factor)}`;
    return [elementwise('scale', formula, { x: node.inputs[0] }, node.outputs[0], inPlace ? 'x' : undefined)];
  },
  backward: (node, [dy]) => [dy === undefined ? undefined : scale(dy, node.attributes.factor)],
};
