import { linearDispatch } from '../kernels/dispatch.ts';
import { read, write } from '../kernels/kernel.ts';
import { requireShape } from '../trace/checks.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Dispatch, Operation, Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';

/**
 * Reorders axes: axis i of the result is axis `axes[i]` of x. Costs nothing where the elements keep their order.
 *
 * @param x any data type
 * @param axes each axis of x once; -1 is the last
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  return x.graph.apply(permuteOperation, [x], { axes: axes.map((axis) => resolveAxis('permute', x, axis)) })[0];
}

/** Swaps the two axes of a matrix: (M, N) -> (N, M). */
export function transpose(x: Tensor): Tensor {
  requireShape(x.shape.length === 2, 'transpose', 'x must be a matrix', x);
  return permute(x, [1, 0]);
}

export const permuteOperation: Operation<{ axes: readonly number[] }> = {
  name: 'permute',
  outputs([x], { axes }) {
    const each = axes.length === x.shape.length && x.shape.every((_, axis) => axes.includes(axis));
    requireShape(each, 'permute', `axes ${axes.join(', ')} must name each axis once`, x);
    return [{ shape: axes.map((axis) => x.shape[axis]), dtype: x.dtype }];
  },
  alias: ({ inputs: [x], attributes: { axes } }) =>
    walk(x.shape, axes).length <= 1 ? { input: 0, offset: 0 } : undefined,
  kernels: ({ inputs, outputs, attributes }) => [permuteDispatch(inputs[0], outputs[0], attributes.axes)],
  backward(node, [dy]) {
    const { axes } = node.attributes;
    return [
      dy === undefined
        ? undefined
        : permute(
            dy,
            [...axes.keys()].map((axis) => axes.indexOf(axis)),
          ),
    ];
  },
};

/** The launch that puts the elements of x into a result whose axis i is axis `axes[i]` of x. */
export function permuteDispatch(x: Tensor, result: Tensor, axes: readonly number[]): Dispatch {
  const steps = walk(x.shape, axes);
  const inner = steps.at(-1);
  // Four neighbours at a time where they are neighbours in x too: all other steps are multiples of the inner size.
  const vector = inner?.stride === 1 && inner.size % 4 === 0 ? 4 : 1;
  const threads = elementCount(x.shape) / vector;
  let below = 1;
  const terms = steps.toReversed().map(({ size, stride }, fromEnd) => {
    const [count, step] = fromEnd === 0 && vector === 4 ? [size / 4, stride] : [size, stride / vector];
    const term = `index / ${below}u % ${count}u * ${step}u`;
    below *= count;
    return term;
  });
  return linearDispatch({
    label: 'permute',
    bindings: [read('x', vector, x.dtype), write('result', vector, x.dtype)],
    operands: [x, result],
    threads,
    body: `  store_result(index, load_x(${terms.join(' + ') || '0u'}));`,
  });
}

/**
 * The result's axes from the slowest to the fastest, each with its step in x: without those of size 1, and neighbours
 * that are neighbours in x too as one. At most one is left where the order of elements stays.
 */
function walk(shape: Shape, axes: readonly number[]): { size: number; stride: number }[] {
  const steps: { size: number; stride: number }[] = [];
  for (const axis of axes) {
    const step = { size: shape[axis], stride: elementCount(shape.slice(axis + 1)) };
    const last = steps.at(-1);
    if (step.size === 1) continue;
    if (last?.stride === step.size * step.stride) {
      steps[steps.length - 1] = { size: last.size * step.size, stride: step.stride };
    } else steps.push(step);
  }
  return steps;
}
