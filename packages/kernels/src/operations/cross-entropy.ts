import { linearDispatch } from '../kernels/dispatch.ts';
import { read, readWrite, wgslFloat, write } from '../kernels/kernel.ts';
import { rowDispatch, rowElement, rowLayout } from '../kernels/row-kernel.ts';
import { type Operation, onceDifferentiable, overwritesFirst } from '../trace/operation.ts';
import { requireShape, requireType, type Tensor } from '../trace/tensor.ts';
import { divide, multiply } from './binary.ts';
import { sum } from './sum.ts';

/** Settings of `crossEntropy` and `crossEntropyRows`. */
export interface CrossEntropyOptions {
  /** Share of the target's probability that all classes divide evenly (arXiv 1512.00567, section 7); 0 to below 1. */
  readonly labelSmoothing?: number;
}

/**
 * Mean cross-entropy of softmax(logits) against class indices over the rows whose mask is 1, in nats:
 * loss = sum mask_n (logsumexp(logits_n) - (1 - s) logits_n[target_n] - s mean(logits_n)) / sum mask_n, smoothing s.
 *
 * @param logits (N, C) f32
 * @param targets (N) u32, each below C
 * @param mask (N) f32, 1 or 0 (or weights); at least one must not be 0
 * @returns scalar
 */
export function crossEntropy(logits: Tensor, targets: Tensor, mask: Tensor, options: CrossEntropyOptions = {}): Tensor {
  requireShape(mask.shape.length === 1 && mask.shape[0] === logits.shape[0], 'crossEntropy', 'mask must be (N)', mask);
  return divide(sum(multiply(crossEntropyRows(logits, targets, options), mask)), sum(mask));
}

/** Cross-entropy of each row, (N, C) and (N) -> (N), in nats. */
export function crossEntropyRows(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { labelSmoothing = 0 } = options;
  return logits.graph.apply(crossEntropyOperation, [logits, targets], { labelSmoothing })[0];
}

/** Outputs: the loss of each row, and log(sum(exp(logits))) of each row, which the backward pass needs. */
export const crossEntropyOperation: Operation<Required<CrossEntropyOptions>> = {
  name: 'crossEntropy',
  outputs([logits, targets], { labelSmoothing }) {
    requireType(logits, 'f32', 'crossEntropy', 'logits');
    requireType(targets, 'u32', 'crossEntropy', 'targets');
    const fits = logits.shape.length === 2 && targets.shape.length === 1 && targets.shape[0] === logits.shape[0];
    requireShape(fits, 'crossEntropy', 'logits must be (N, C) and targets (N)', logits, targets);
    const smooths = labelSmoothing >= 0 && labelSmoothing < 1;
    requireShape(smooths, 'crossEntropy', `0 <= labelSmoothing ${labelSmoothing} < 1 must hold`, logits);
    const rows = { shape: [logits.shape[0]], dtype: 'f32' } as const;
    return [rows, rows];
  },
  kernels(node) {
    const [logits, targets] = node.inputs;
    const { labelSmoothing } = node.attributes;
    const layout = rowLayout(logits.shape);
    const target = rowElement(layout, 'logits', `min(load_targets(row), ${layout.columns - 1}u)`);
    // Only where the classes share something: plain cross-entropy reads the logits twice, not three times.
    const shared = `
  var sum = Value(0.0);
  for (var c = lane; c < width; c += lanes) { sum += load_logits(start + c); }
  let goal = ${wgslFloat(1 - labelSmoothing)} * ${target} + ${wgslFloat(labelSmoothing)} * row_sum(sum) / columns;`;
    const kernel = {
      label: 'crossEntropy',
      bindings: [read('logits', layout.vector), read('targets', 1, 'u32'), write('loss'), write('log_sum')],
      body: `  var most = Value(lowest);
  for (var c = lane; c < width; c += lanes) { most = max(most, load_logits(start + c)); }
  let highest = row_max(most);
  var total = Value(0.0);
  for (var c = lane; c < width; c += lanes) { total += exp(load_logits(start + c) - highest); }
  let log_total = highest + log(row_sum(total));${labelSmoothing > 0 ? shared : `\n  let goal = ${target};`}
  if (lane == 0u) {
    store_log_sum(row, log_total);
    store_loss(row, log_total - goal);
  }`,
    };
    return [rowDispatch(layout, kernel, [logits, targets, node.outputs[0], node.outputs[1]])];
  },
  backward(node, [dLoss], [wanted]) {
    if (dLoss === undefined || !wanted) return [undefined, undefined];
    const [logits, targets] = node.inputs;
    const inputs = [logits, targets, node.outputs[1], dLoss];
    return [dLoss.graph.apply(crossEntropyGradientOperation, inputs, node.attributes)[0], undefined];
  },
};

/**
 * dLogits = (softmax(logits) - (1 - s) one-hot(target) - s / C) dLoss with smoothing s, written over the logits where
 * nothing else needs them.
 */
export const crossEntropyGradientOperation: Operation<Required<CrossEntropyOptions>> = {
  name: 'crossEntropyGradient',
  inPlace: overwritesFirst,
  outputs: ([logits]) => [{ shape: logits.shape, dtype: 'f32' }],
  kernels(node, { inPlace }) {
    const [logits, targets, logSum, dLoss] = node.inputs;
    const [result] = node.outputs;
    const [rows, classes] = logits.shape;
    const { labelSmoothing } = node.attributes;
    const [miss, hit] = [labelSmoothing / classes, 1 - labelSmoothing + labelSmoothing / classes].map(wgslFloat);
    const source = inPlace ? 'result' : 'logits';
    return [
      linearDispatch({
        label: 'crossEntropyGradient',
        bindings: [
          read('targets', 1, 'u32'),
          read('log_sum'),
          read('d_loss'),
          ...(inPlace ? [readWrite('result')] : [read('logits'), write('result')]),
        ],
        operands: inPlace ? [targets, logSum, dLoss, result] : [targets, logSum, dLoss, logits, result],
        threads: rows * classes,
        body: `  let row = index / ${classes}u;
  let probability = exp(load_${source}(index) - load_log_sum(row));
  let goal = select(${miss}, ${hit}, load_targets(row) == index % ${classes}u);
  store_result(index, (probability - goal) * load_d_loss(row));`,
      }),
    ];
  },
  backward: onceDifferentiable,
};
