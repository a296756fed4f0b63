import { LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, readWrite, write } from '../kernel.ts';
import { type Operation, onceDifferentiable } from '../operation.ts';
import { requireShape, requireType, type Tensor } from '../tensor.ts';
import { divide, multiply } from './binary.ts';
import { sum } from './sum.ts';

/**
 * Mean cross-entropy of softmax(logits) against class indices over the rows whose mask is 1, in nats:
 * loss = sum mask_n (logsumexp(logits_n) - logits_n[target_n]) / sum mask_n.
 *
 * @param logits (N, C) f32
 * @param targets (N) u32, each below C
 * @param mask (N) f32, 1 or 0 (or weights); at least one must not be 0
 * @returns scalar
 */
export function crossEntropy(logits: Tensor, targets: Tensor, mask: Tensor): Tensor {
  requireShape(mask.shape.length === 1 && mask.shape[0] === logits.shape[0], 'crossEntropy', 'mask must be (N)', mask);
  return divide(sum(multiply(crossEntropyRows(logits, targets), mask)), sum(mask));
}

/** Cross-entropy of each row, (N, C) and (N) -> (N), in nats. */
export function crossEntropyRows(logits: Tensor, targets: Tensor): Tensor {
  return logits.graph.apply(crossEntropyOperation, [logits, targets], {})[0];
}

/** Outputs: the loss of each row, and log(sum(exp(logits))) of each row, which the backward pass needs. */
export const crossEntropyOperation: Operation<object> = {
  name: 'crossEntropy',
  outputs([logits, targets]) {
    requireType(logits, 'f32', 'crossEntropy', 'logits');
    requireType(targets, 'u32', 'crossEntropy', 'targets');
    const fits = logits.shape.length === 2 && targets.shape.length === 1 && targets.shape[0] === logits.shape[0];
    requireShape(fits, 'crossEntropy', 'logits must be (N, C) and targets (N)', logits, targets);
    const rows = { shape: [logits.shape[0]], dtype: 'f32' } as const;
    return [rows, rows];
  },
  kernels(node) {
    const [logits, targets] = node.inputs;
    const [rows, classes] = logits.shape;
    return [
      {
        kernel: {
          label: 'crossEntropy',
          bindings: [read('logits'), read('targets', 1, 'u32'), write('loss'), write('log_sum')],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${rows}u) { return; }
  let start = index * ${classes}u;
  var highest = logits[start];
  for (var c = 1u; c < ${classes}u; c++) { highest = max(highest, logits[start + c]); }
  var total = 0.0;
  for (var c = 0u; c < ${classes}u; c++) { total += exp(logits[start + c] - highest); }
  let log_total = highest + log(total);
  log_sum[index] = log_total;
  loss[index] = log_total - logits[start + min(targets[index], ${classes - 1}u)];
}`,
        },
        operands: [logits, targets, node.outputs[0], node.outputs[1]],
        uniforms: [],
        workgroups: linearGrid(rows, LINEAR_WORKGROUP),
      },
    ];
  },
  backward(node, [dLoss], [wanted]) {
    if (dLoss === undefined || !wanted) return [undefined, undefined];
    const [logits, targets] = node.inputs;
    return [
      dLoss.graph.apply(crossEntropyGradientOperation, [logits, targets, node.outputs[1], dLoss], {})[0],
      undefined,
    ];
  },
};

/** dLogits = (softmax(logits) - one-hot(target)) dLoss, written over the logits where nothing else needs them. */
export const crossEntropyGradientOperation: Operation<object> = {
  name: 'crossEntropyGradient',
  inPlace: { input: 0, output: 0 },
  outputs: ([logits]) => [{ shape: logits.shape, dtype: 'f32' }],
  kernels(node, { inPlace }) {
    const [logits, targets, logSum, dLoss] = node.inputs;
    const [result] = node.outputs;
    const [rows, classes] = logits.shape;
    const source = inPlace ? 'result' : 'logits';
    return [
      {
        kernel: {
          label: 'crossEntropyGradient',
          bindings: [
            read('targets', 1, 'u32'),
            read('log_sum'),
            read('d_loss'),
            ...(inPlace ? [readWrite('result')] : [read('logits'), write('result')]),
          ],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${rows * classes}u) { return; }
  let row = index / ${classes}u;
  let probability = exp(${source}[index] - log_sum[row]);
  let hit = select(0.0, 1.0, targets[row] == index % ${classes}u);
  result[index] = (probability - hit) * d_loss[row];
}`,
        },
        operands: inPlace ? [targets, logSum, dLoss, result] : [targets, logSum, dLoss, logits, result],
        uniforms: [],
        workgroups: linearGrid(rows * classes, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: onceDifferentiable,
};
