import { copyRuns } from '../kernels/copy.ts';
import { linearDispatch } from '../kernels/dispatch.ts';
import { read, write } from '../kernels/kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { BINDING_ALIGNMENT } from '../trace/memory.ts';
import { BYTES_PER_ELEMENT, elementCount, type Shape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';

/**
 * x[.., start .. end, ..) along an axis, by default the first; -1 is the last. No copy of whole rows of the first axis
 * where the first element lies on a binding boundary (64 elements).
 */
export function slice(x: Tensor, start: number, end: number, axis = 0): Tensor {
  return x.graph.apply(sliceOperation, [x], { start, end, axis: resolveAxis('slice', x, axis) })[0];
}

/** Puts `before` zeros before and `after` behind x along an axis, by default the first; -1 is the last. @param x f32 */
export function pad(x: Tensor, before: number, after: number, axis = 0): Tensor {
  const resolved = resolveAxis('pad', x, axis);
  return before === 0 && after === 0 ? x : x.graph.apply(padOperation, [x], { before, after, axis: resolved })[0];
}

export const sliceOperation: Operation<{ start: number; end: number; axis: number }> = {
  name: 'slice',
  outputs([x], { start, end, axis }) {
    const fits = 0 <= start && start < end && end <= x.shape[axis];
    requireShape(fits, 'slice', `0 <= ${start} < ${end} <= size of axis ${axis} must hold`, x);
    return [{ shape: x.shape.with(axis, end - start), dtype: x.dtype }];
  },
  alias({ inputs: [x], attributes: { start, axis } }) {
    const { count, inner } = around(x.shape, axis);
    const offset = start * inner;
    return count === 1 && (offset * BYTES_PER_ELEMENT) % BINDING_ALIGNMENT === 0 ? { input: 0, offset } : undefined;
  },
  kernels(node) {
    const { start, end, axis } = node.attributes;
    const [x] = node.inputs;
    const [y] = node.outputs;
    const { count, inner } = around(x.shape, axis);
    const length = (end - start) * inner;
    const from = { tensor: x, offset: start * inner, stride: x.shape[axis] * inner };
    return [copyRuns('slice', from, { tensor: y, offset: 0, stride: length }, { count, length })];
  },
  backward(node, [dy]) {
    const { start, end, axis } = node.attributes;
    return [dy === undefined ? undefined : pad(dy, start, node.inputs[0].shape[axis] - end, axis)];
  },
};

export const padOperation: Operation<{ before: number; after: number; axis: number }> = {
  name: 'pad',
  outputs([x], { before, after, axis }) {
    requireType(x, 'f32', 'pad', 'x');
    requireShape(before >= 0 && after >= 0, 'pad', `0 <= ${before} and 0 <= ${after} must hold`, x);
    return [{ shape: x.shape.with(axis, before + x.shape[axis] + after), dtype: 'f32' }];
  },
  kernels(node) {
    const { before, axis } = node.attributes;
    const [x] = node.inputs;
    const [y] = node.outputs;
    const { inner } = around(x.shape, axis);
    const elements = [x.shape[axis] * inner, y.shape[axis] * inner, before * inner];
    const vector = elements.every((size) => size % 4 === 0) ? 4 : 1;
    const [run, wider, first] = elements.map((size) => size / vector);
    const threads = elementCount(y.shape) / vector;
    return [
      linearDispatch({
        label: 'pad',
        bindings: [read('x', vector), write('result', vector)],
        operands: [x, y],
        threads,
        // The place is clamped because WGSL evaluates both sides of select.
        body: `  let place = index % ${wider}u;
  let value = load_x(index / ${wider}u * ${run}u + clamp(place, ${first}u, ${first + run - 1}u) - ${first}u);
  store_result(index, select(${vector === 4 ? 'vec4f(0.0)' : '0.0'}, value, place >= ${first}u && place < ${first + run}u));`,
      }),
    ];
  },
  backward(node, [dy]) {
    const { before, axis } = node.attributes;
    return [dy === undefined ? undefined : slice(dy, before, before + node.inputs[0].shape[axis], axis)];
  },
};

/** How many runs of neighbours there are outside an axis, and how many elements one step along it takes. */
export function around(shape: Shape, axis: number): { count: number; inner: number } {
  return { count: elementCount(shape.slice(0, axis)), inner: elementCount(shape.slice(axis + 1)) };
}
