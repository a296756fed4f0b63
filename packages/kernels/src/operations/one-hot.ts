import { elementwiseOperation } from '../kernels/elementwise.ts';
import { requireType } from '../trace/checks.ts';
import { noGradient } from '../trace/operation.ts';
import type { Tensor } from '../trace/trace.ts';
import { reshape } from './view.ts';

/**
 * Rows of zeros with a 1 where the id says; a row of zeros alone where the id is `classes` or more. `embedding` gives
 * oneHot(ids) times a table without them.
 *
 * @param ids any shape, u32
 * @param classes length of a row
 * @returns (...ids, classes) f32
 */
export function oneHot(ids: Tensor, classes: number): Tensor {
  return ids.graph.apply(oneHotOperation, [reshape(ids, [...ids.shape, 1])], { classes })[0];
}

/** (.., 1) -> (.., classes) */
export const oneHotOperation = elementwiseOperation<{ classes: number }>({
  name: 'oneHot',
  outputs([ids], { classes }) {
    requireType(ids, 'u32', 'oneHot', 'ids');
    return [{ shape: ids.shape.with(-1, classes), dtype: 'f32' }];
  },
  formula: ({ attributes: { classes } }) => ({
    label: 'oneHot',
    expression: `select(0.0, 1.0, id == index % ${classes}u)`,
    operands: ['id'],
  }),
  backward: noGradient,
});
