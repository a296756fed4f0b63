import { linearDispatch } from '../kernels/dispatch.ts';
import { read, write } from '../kernels/kernel.ts';
import { type Operation, onceDifferentiable } from '../trace/operation.ts';
import { requireShape, requireType, type Tensor } from '../trace/tensor.ts';

/**
 * Whether each row's target is the first choice: 1 where the target's score is the highest and no class before it has
 * the same, else 0. For accuracies; has no gradient.
 *
 * @param scores (N, C) f32
 * @param targets (N) u32, each below C
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
  kernels(node) {
    const [scores, targets] = node.inputs;
    const [rows, classes] = scores.shape;
    return [
      linearDispatch({
        label: 'hits',
        bindings: [read('scores'), read('targets', 1, 'u32'), write('result')],
        operands: [scores, targets, node.outputs[0]],
        threads: rows,
        body: `  let start = index * ${classes}u;
  var choice = 0u;
  for (var c = 1u; c < ${classes}u; c++) {
    if (load_scores(start + c) > load_scores(start + choice)) { choice = c; }
  }
  store_result(index, select(0.0, 1.0, choice == load_targets(index)));`,
      }),
    ];
  },
  backward: onceDifferentiable,
};
