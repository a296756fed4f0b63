import { LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, write } from '../kernel.ts';
import { BINDING_ALIGNMENT } from '../memory.ts';
import type { Operation } from '../operation.ts';
import {
  BYTES_PER_ELEMENT,
  elementCount,
  formatShape,
  requireShape,
  requireType,
  type Shape,
  sameShape,
  type Tensor,
} from '../tensor.ts';

/** The same elements in the same order under another shape; costs nothing. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : x.graph.apply(reshapeOperation, [x], { shape })[0];
}

/** x[start .. end) along the first axis. No copy where the first element lies on a binding boundary (64 elements). */
export function slice(x: Tensor, start: number, end: number): Tensor {
  return x.graph.apply(sliceOperation, [x], { start, end })[0];
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

export const sliceOperation: Operation<{ start: number; end: number }> = {
  name: 'slice',
  outputs([x], { start, end }) {
    const fits = x.shape.length > 0 && 0 <= start && start < end && end <= x.shape[0];
    requireShape(fits, 'slice', `0 <= ${start} < ${end} <= first axis must hold`, x);
    return [{ shape: [end - start, ...x.shape.slice(1)], dtype: x.dtype }];
  },
  alias({ inputs: [x], attributes: { start } }) {
    const offset = start * elementCount(x.shape.slice(1));
    return (offset * BYTES_PER_ELEMENT) % BINDING_ALIGNMENT === 0 ? { input: 0, offset } : undefined;
  },
  kernels(node) {
    const [x] = node.inputs;
    const [y] = node.outputs;
    return [shifted('slice', x, y, `x[index + ${node.attributes.start * elementCount(x.shape.slice(1))}u]`)];
  },
  backward(node, [dy]) {
    if (dy === undefined) return [undefined];
    const { start } = node.attributes;
    return dy.graph.apply(padOperation, [dy], { before: start, rows: node.inputs[0].shape[0] });
  },
};

/** The adjoint of slice: x in rows `before` .. of an otherwise zero tensor with `rows` rows. */
export const padOperation: Operation<{ before: number; rows: number }> = {
  name: 'pad',
  outputs([x], { before, rows }) {
    requireType(x, 'f32', 'pad', 'x');
    const fits = x.shape.length > 0 && 0 <= before && before + x.shape[0] <= rows;
    requireShape(fits, 'pad', `x must lie in ${rows} rows from row ${before} on`, x);
    return [{ shape: [rows, ...x.shape.slice(1)], dtype: 'f32' }];
  },
  kernels(node) {
    const [x] = node.inputs;
    const first = node.attributes.before * elementCount(x.shape.slice(1));
    const last = first + elementCount(x.shape);
    // The index is clamped because WGSL evaluates both sides of select.
    const value = `select(0.0, x[clamp(index, ${first}u, ${last - 1}u) - ${first}u], index >= ${first}u && index < ${last}u)`;
    return [shifted('pad', x, node.outputs[0], value)];
  },
  backward(node, [dy]) {
    const { before } = node.attributes;
    return [dy === undefined ? undefined : slice(dy, before, before + node.inputs[0].shape[0])];
  },
};

/** result[index] = value, one thread an element. */
function shifted(label: string, x: Tensor, result: Tensor, value: string) {
  const threads = elementCount(result.shape);
  return {
    kernel: {
      label,
      bindings: [read('x', 1, x.dtype), write('result', 1, result.dtype)],
      uniforms: [],
      workgroupSize: [LINEAR_WORKGROUP, 1, 1],
      code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  result[index] = ${value};
}`,
    },
    operands: [x, result],
    uniforms: [],
    workgroups: linearGrid(threads, LINEAR_WORKGROUP),
  } as const;
}
