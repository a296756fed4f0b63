import { requireShape } from '../trace/checks.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';

/** The same elements in the same order under another shape; costs nothing. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : x.graph.apply(reshapeOperation, [x], { shape })[0];
}

export const reshapeOperation: Operation<{ shape: Shape }> = {
  name: 'reshape',
  outputs([x], { shape }) {
    const fits = elementCount(x.shape) === elementCount(shape);
    requireShape(fits, 'reshape', `element count must be that of ${formatShape(shape)}`, x);
    return [{ shape, dtype: x.dtype }];
  },
  alias: () => ({ input: 0, offset: 0 }),
  kernels: () => [],
  backward: (node, [dy]) => [dy === undefined ? undefined : reshape(dy, node.inputs[0].shape)],
};
