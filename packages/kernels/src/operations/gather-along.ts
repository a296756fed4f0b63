import { linearDispatch } from '../kernels/dispatch.ts';
import { read, readWrite, write } from '../kernels/kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { elementCount, sameShape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';
import { around } from './slice.ts';

/**
 * An element of x for each id, taken along an axis (numpy's take_along_axis, torch.gather). Along the last of two:
 * y[n, i] = x[n, ids[n, i]]. What an id beyond the end takes is 0.
 *
 * @param x any data type
 * @param ids u32, of the sizes of x but for the axis
 * @param axis by default the last
 * @returns the shape of ids
 */
export function gatherAlong(x: Tensor, ids: Tensor, axis = -1): Tensor {
  return x.graph.apply(gatherAlongOperation, [x, ids], { axis: resolveAxis('gatherAlong', x, axis) })[0];
}

/**
 * The adjoint of `gatherAlong`: sums values by their ids along an axis. Along the last of two: y[n, v] = sum of
 * values[n, i] over all i with ids[n, i] = v, in the order of i. So the probabilities of a copy distribution over
 * places become probabilities of what stands there. What has an id of `size` or more is dropped.
 *
 * @param values f32
 * @param ids u32, of the shape of the values
 * @param size of the result along the axis
 * @param axis by default the last
 */
export function scatterAdd(values: Tensor, ids: Tensor, size: number, axis = -1): Tensor {
  const resolved = resolveAxis('scatterAdd', values, axis);
  return values.graph.apply(scatterAddOperation, [values, ids], { size, axis: resolved })[0];
}

export const gatherAlongOperation: Operation<{ axis: number }> = {
  name: 'gatherAlong',
  outputs([x, ids], { axis }) {
    requireType(ids, 'u32', 'gatherAlong', 'ids');
    const fits = ids.shape.length === x.shape.length && sameShape(ids.shape.with(axis, x.shape[axis]), x.shape);
    requireShape(fits, 'gatherAlong', `all sizes but those of axis ${axis} must be equal`, x, ids);
    return [{ shape: ids.shape, dtype: x.dtype }];
  },
  kernels({ inputs: [x, ids], outputs: [y], attributes: { axis } }) {
    const { inner } = around(x.shape, axis);
    const [size, taken] = [x.shape[axis], ids.shape[axis]];
    return [
      linearDispatch({
        label: 'gatherAlong',
        bindings: [read('x', 1, x.dtype), read('ids', 1, 'u32'), write('result', 1, x.dtype)],
        operands: [x, ids, y],
        threads: elementCount(ids.shape),
        // The place is clamped because WGSL evaluates both sides of select.
        body: `  let place = load_ids(index);
  let line = index / ${taken * inner}u * ${size}u + min(place, ${size - 1}u);
  store_result(index, select(${x.dtype}(0), load_x(line * ${inner}u + index % ${inner}u), place < ${size}u));`,
      }),
    ];
  },
  backward({ inputs: [x, ids], attributes: { axis } }, [dy], [wanted]) {
    return [dy !== undefined && wanted ? scatterAdd(dy, ids, x.shape[axis], axis) : undefined, undefined];
  },
};

/** Threads that share the ids of a line where there are few lines. */
const WANTED_THREADS = 4096;

/**
 * WGSL has no float atomics. So each thread owns some elements of a line of the result, goes over the ids of the whole
 * line and adds the values of its own: no two write to one element, and each sum has the order of the ids.
 */
export const scatterAddOperation: Operation<{ size: number; axis: number }> = {
  name: 'scatterAdd',
  outputs([values, ids], { size, axis }) {
    requireType(values, 'f32', 'scatterAdd', 'values');
    requireType(ids, 'u32', 'scatterAdd', 'ids');
    requireShape(sameShape(values.shape, ids.shape), 'scatterAdd', 'values and ids must have one shape', values, ids);
    return [{ shape: values.shape.with(axis, size), dtype: 'f32' }];
  },
  kernels({ inputs: [values, ids], outputs: [y], attributes: { size, axis } }) {
    const { count, inner } = around(values.shape, axis);
    const length = values.shape[axis];
    const owners = Math.min(size, Math.ceil(WANTED_THREADS / (count * inner)));
    return [
      linearDispatch({
        label: 'scatterAdd',
        bindings: [read('values'), read('ids', 1, 'u32'), readWrite('result')],
        operands: [values, ids, y],
        threads: count * owners * inner,
        body: `  let column = index % ${inner}u;
  let owner = index / ${inner}u % ${owners}u;
  let line = index / ${owners * inner}u;
  let start = line * ${size}u;
  for (var place = owner; place < ${size}u; place += ${owners}u) { store_result((start + place) * ${inner}u + column, 0.0); }
  for (var i = 0u; i < ${length}u; i++) {
    let element = (line * ${length}u + i) * ${inner}u + column;
    let place = load_ids(element);
    if (place < ${size}u && place % ${owners}u == owner) {
      let sum = (start + place) * ${inner}u + column;
      store_result(sum, load_result(sum) + load_values(element));
    }
  }`,
      }),
    ];
  },
  backward({ inputs: [, ids], attributes: { axis } }, [dy], [wanted]) {
    return [dy !== undefined && wanted ? gatherAlong(dy, ids, axis) : undefined, undefined];
  },
};
