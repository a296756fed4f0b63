import { read, write } from '../kernels/kernel.ts';
import { type RowLoops, rowElement, rowLayout, rowsDispatch } from '../kernels/row-kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import type { Operation, Tensor } from '../trace/trace.ts';

/**
 * Whether each row's target is the first choice: 1 where the target's score is the highest and no class before it has
 * the same, else 0. For accuracies; has no gradient.
 *
 * @param scores (N, C) f32
 * @param targets (N) u32; one of C or more is never a hit
 * @returns (N) f32
 */
export function hits(scores: Tensor, targets: Tensor): Tensor {
  return scores.graph.apply(hitsOperation, [scores, targets], {})[0];
}

export const hitsOperation: Operation<object> = {
  name: 'hits',
  outputs([scores, targets]) {
    requireType(scores, 'f32', 'hits', 'scores');
    requireType(targets, 'u32', 'hits', 'targets');
    const fits = scores.shape.length === 2 && targets.shape.length === 1 && targets.shape[0] === scores.shape[0];
    requireShape(fits, 'hits', 'scores must be (N, C) and targets (N)', scores, targets);
    return [{ shape: targets.shape, dtype: 'f32' }];
  },
  numbers: ({ inputs: [scores] }) => ({ input: 1, bound: scores.shape[1] }),
  kernels(node) {
    const [scores, targets] = node.inputs;
    const layout = rowLayout(scores.shape);
    const { vector, columns } = layout;
    const [classes, index] = vector === 4 ? ['vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u)', 'vec4u'] : ['c', 'u32'];
    const kernel = {
      label: 'hits',
      bindings: [read('scores', vector), read('targets', 1, 'u32'), write('result')],
      body: ({ max }: RowLoops) => `  let wanted = load_targets(row);
  let goal = ${rowElement(layout, 'scores', `min(wanted, ${columns - 1}u)`)};
  // Behind it, and not ahead of it, so that scores that are not numbers make no hits.
${max('ahead', `select(Value(1.0), Value(0.0), (load_scores(start + c) < Value(goal)) | ((load_scores(start + c) == Value(goal)) & (${classes} >= ${index}(wanted))))`)}
  if (lane == 0u) { store_result(row, select(0.0, 1.0, ahead == 0.0 && wanted < ${columns}u)); }`,
    };
    return [rowsDispatch(layout, kernel, [scores, targets, node.outputs[0]])];
  },
  backward: onceDifferentiable,
};
