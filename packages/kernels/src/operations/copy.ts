import { type Dispatch, LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, write } from '../kernel.ts';
import { elementCount, type Tensor } from '../tensor.ts';

/** Copies elements to a tensor of the same count. A kernel and not a buffer copy, so that the compute pass goes on. */
export function copy(from: Tensor, to: Tensor): Dispatch {
  const threads = elementCount(from.shape);
  return {
    kernel: {
      label: 'copy',
      bindings: [read('value', 1, from.dtype), write('result', 1, from.dtype)],
      uniforms: [],
      workgroupSize: [LINEAR_WORKGROUP, 1, 1],
      code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  result[index] = value[index];
}`,
    },
    operands: [from, to],
    uniforms: [],
    workgroups: linearGrid(threads, LINEAR_WORKGROUP),
  };
}
