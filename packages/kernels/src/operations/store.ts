import { LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, write } from '../kernel.ts';
import type { Slot } from '../memory.ts';
import { type Operation, onceDifferentiable } from '../operation.ts';
import { elementCount, formatShape, requireShape, requireType, type Tensor } from '../tensor.ts';

/** Puts a value into a slot, where it outlives the program: a gradient for the optimiser, a state for the next run. */
export function store(value: Tensor, slot: Slot): Tensor {
  return value.graph.apply(storeOperation, [value], { slot })[0];
}

export const storeOperation: Operation<{ slot: Slot }> = {
  name: 'store',
  target: (node) => node.attributes.slot,
  outputs([value], { slot }) {
    requireType(value, 'f32', 'store', 'value');
    const fits = elementCount(value.shape) === elementCount(slot.shape);
    requireShape(fits, 'store', `value must fill slot ${slot.name} of ${formatShape(slot.shape)}`, value);
    return [{ shape: slot.shape, dtype: 'f32' }];
  },
  kernels(node, { inPlace }) {
    if (inPlace) return [];
    const threads = elementCount(node.inputs[0].shape);
    return [
      {
        kernel: {
          label: 'store',
          bindings: [read('value'), write('result')],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  result[index] = value[index];
}`,
        },
        operands: [node.inputs[0], node.outputs[0]],
        uniforms: [],
        workgroups: linearGrid(threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: onceDifferentiable,
};
