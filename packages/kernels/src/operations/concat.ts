import { KernelError } from '../errors.ts';
import { copyRuns } from '../kernels/copy.ts';
import { requireShape } from '../trace/checks.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';
import { around, slice } from './slice.ts';

/**
 * Joins tensors along an axis, by default the first; -1 is the last: (.., n1, ..), (.., n2, ..), ... -> (.., n1 + n2 +
 * ..., ..).
 *
 * @param tensors one or more of one data type, equal in all other axes
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  if (tensors.length === 0) throw new KernelError('shape', 'concat: needs at least one tensor, got none.');
  return tensors[0].graph.apply(concatOperation, tensors, { axis: resolveAxis('concat', tensors[0], axis) })[0];
}

/** A launch for each input, so that there may be more of them than a kernel has bindings. */
export const concatOperation: Operation<{ axis: number }> = {
  name: 'concat',
  outputs(inputs, { axis }) {
    const [{ shape, dtype }] = inputs;
    const fits = inputs.every(
      (input) =>
        input.dtype === dtype &&
        input.shape.length === shape.length &&
        input.shape.every((size, other) => other === axis || size === shape[other]),
    );
    requireShape(fits, 'concat', `data types and all sizes but those of axis ${axis} must be equal`, ...inputs);
    const total = inputs.reduce((sum, input) => sum + input.shape[axis], 0);
    return [{ shape: shape.with(axis, total), dtype }];
  },
  kernels(node) {
    const { axis } = node.attributes;
    const [y] = node.outputs;
    const { count, inner } = around(y.shape, axis);
    let offset = 0;
    return node.inputs.map((x) => {
      const length = x.shape[axis] * inner;
      const to = { tensor: y, offset, stride: y.shape[axis] * inner };
      offset += length;
      return copyRuns('concat', { tensor: x, offset: 0, stride: length }, to, { count, length });
    });
  },
  backward(node, [dy], wanted) {
    const { axis } = node.attributes;
    let start = 0;
    return node.inputs.map((x, index) => {
      const end = start + x.shape[axis];
      const part = dy !== undefined && wanted[index] ? slice(dy, start, end, axis) : undefined;
      start = end;
      return part;
    });
  },
};
