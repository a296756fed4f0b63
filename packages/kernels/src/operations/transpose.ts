import { LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, write } from '../kernel.ts';
import type { Operation } from '../operation.ts';
import { elementCount, requireShape, requireType, type Tensor } from '../tensor.ts';

/** Swaps the two axes of a matrix: (M, N) -> (N, M). */
export function transpose(x: Tensor): Tensor {
  return x.graph.apply(transposeOperation, [x], {})[0];
}

export const transposeOperation: Operation<object> = {
  name: 'transpose',
  outputs([x]) {
    requireType(x, 'f32', 'transpose', 'x');
    requireShape(x.shape.length === 2, 'transpose', 'x must be a matrix', x);
    return [{ shape: [x.shape[1], x.shape[0]], dtype: 'f32' }];
  },
  kernels(node) {
    const [x] = node.inputs;
    const [rows, columns] = x.shape;
    const threads = elementCount(x.shape);
    return [
      {
        kernel: {
          label: 'transpose',
          bindings: [read('x'), write('result')],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  result[index] = x[index % ${rows}u * ${columns}u + index / ${rows}u];
}`,
        },
        operands: [x, node.outputs[0]],
        uniforms: [],
        workgroups: linearGrid(threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: (_node, [dy]) => [dy === undefined ? undefined : transpose(dy)],
};
