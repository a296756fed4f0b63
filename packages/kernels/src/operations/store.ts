import { copy } from '../kernels/copy.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import type { Slot } from '../trace/memory.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import { elementCount, formatShape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';

/**
 * Puts a value into a slot of its data type, where it outlives the program: a gradient for the optimiser, a state for
 * the next run. What is traced after it reads the new value through the slot's variable; gradients that need the old
 * one must be traced before.
 */
export function store(value: Tensor, slot: Slot): Tensor {
  return value.graph.apply(storeOperation, [value], { slot })[0];
}

export const storeOperation: Operation<{ slot: Slot }> = {
  name: 'store',
  target: (node) => node.attributes.slot,
  outputs([value], { slot }) {
    requireType(value, slot.arena.dtype, 'store', `the value for slot ${slot.name}`);
    const fits = elementCount(value.shape) === elementCount(slot.shape);
    requireShape(fits, 'store', `value must fill slot ${slot.name} of ${formatShape(slot.shape)}`, value);
    return [{ shape: slot.shape, dtype: slot.arena.dtype }];
  },
  kernels({ inputs: [value], outputs: [stored] }, { inPlace, pieces, part }) {
    if (inPlace) return [];
    return pieces(elementCount(value.shape)).map((piece) => copy(part(value, piece), part(stored, piece)));
  },
  backward: onceDifferentiable,
};
