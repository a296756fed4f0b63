import { linearDispatch } from '../kernels/dispatch.ts';
import { read, write } from '../kernels/kernel.ts';
import { outranks } from '../kernels/outranks.ts';
import { requireType } from '../trace/checks.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Dispatch, Operation, Tensor } from '../trace/trace.ts';
import { gatherAlong } from './gather-along.ts';
import { partCount, type ReductionOptions, reduceAxes } from './reduction.ts';

/**
 * Largest element over axes; NaN where one is NaN. The gradient goes to the first of the largest, in row-major order.
 *
 * @param x f32
 * @param axes all of them if left out; -1 is the last
 */
export function max(x: Tensor, axes?: readonly number[], options: ReductionOptions = {}): Tensor {
  return reduceAxes('max', x, axes, options, (flat) => x.graph.apply(maxOperation, [flat], {})[0]);
}

/** (outer, length, inner) -> (outer, 1, inner), and u32 of the same shape: where along the axis each lies first. */
export const maxOperation: Operation<object> = {
  name: 'max',
  outputs([x]) {
    requireType(x, 'f32', 'max', 'x');
    const shape = x.shape.with(1, 1);
    return [
      { shape, dtype: 'f32' },
      { shape, dtype: 'u32' },
    ];
  },
  kernels(node, { scratch }) {
    const [x] = node.inputs;
    const [y, places] = node.outputs;
    const [outer, length, inner] = x.shape;
    const parts = partCount(outer * inner, length);
    if (parts === 1) return [partialMaxima([x], [y, places], { outer, length, inner, parts })];
    const partial = [scratch([outer, parts, inner]), scratch([outer, parts, inner], 'u32')];
    return [
      partialMaxima([x], partial, { outer, length, inner, parts }),
      partialMaxima(partial, [y, places], { outer, length: parts, inner, parts: 1 }),
    ];
  },
  backward(node, [dy], [wanted]) {
    if (dy === undefined || !wanted) return [undefined];
    return dy.graph.apply(maxGradientOperation, [dy, node.outputs[1]], { shape: node.inputs[0].shape });
  },
};

/**
 * The largest of each part of an axis and its place along the whole axis.
 *
 * @param inputs values, and their places where they are maxima of parts themselves
 */
function partialMaxima(
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  { outer, length, inner, parts }: { outer: number; length: number; inner: number; parts: number },
): Dispatch {
  const threads = outer * parts * inner;
  const chunk = Math.ceil(length / parts);
  const hasPlaces = inputs.length > 1;
  return linearDispatch({
    label: 'max',
    bindings: [
      read('x'),
      ...(hasPlaces ? [read('x_places', 1, 'u32')] : []),
      write('result'),
      write('places', 1, 'u32'),
    ],
    operands: [...inputs, ...results],
    threads,
    functions: outranks(),
    body: `  // Rounding up may leave nothing for the last parts: they take the last element once more.
  let part = index / ${inner}u % ${parts}u;
  let first = index / ${inner * parts}u * ${length * inner}u + index % ${inner}u;
  var place = min(part * ${chunk}u, ${length - 1}u);
  var highest = load_x(first + place * ${inner}u);
  for (var i = place + 1u; i < min((part + 1u) * ${chunk}u, ${length}u); i++) {
    let value = load_x(first + i * ${inner}u);
    if (outranks(value, highest)) {
      highest = value;
      place = i;
    }
  }
  store_result(index, highest);
  store_places(index, ${hasPlaces ? `load_x_places(first + place * ${inner}u)` : 'place'});`,
  });
}

/** dx is dy where the maximum was found first, else 0. */
export const maxGradientOperation: Operation<{ shape: Shape }> = {
  name: 'maxGradient',
  outputs: (_inputs, { shape }) => [{ shape, dtype: 'f32' }],
  kernels(node) {
    const [, length, inner] = node.attributes.shape;
    const threads = elementCount(node.attributes.shape);
    return [
      linearDispatch({
        label: 'maxGradient',
        bindings: [read('dy'), read('places', 1, 'u32'), write('result')],
        operands: [...node.inputs, node.outputs[0]],
        threads,
        body: `  let source = index / ${length * inner}u * ${inner}u + index % ${inner}u;
  store_result(index, select(0.0, load_dy(source), index / ${inner}u % ${length}u == load_places(source)));`,
      }),
    ];
  },
  backward: ({ inputs: [, places] }, [gradient]) => [gradient && gatherAlong(gradient, places, 1), undefined],
};
