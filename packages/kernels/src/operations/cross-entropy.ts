import { read, wgslFloat, write } from '../kernels/kernel.ts';
import { overwritable, type RowLoops, rowElement, rowLayout, rowsDispatch } from '../kernels/row-kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { onceDifferentiable, overwritesFirst } from '../trace/operation.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { multiply } from './binary.ts';
import { sum } from './sum.ts';
import { weightedMean } from './weighted-mean.ts';

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
 * @param targets (N) u32, each below C; a row whose target is not has the loss 0 and no gradient, but counts by its
 *   mask, and `Program.write` refuses it
 * @param mask (N) f32, 1 or 0 (or weights); if all are 0 the loss is 0 and has no gradient
 * @returns scalar
 */
export function crossEntropy(logits: Tensor, targets: Tensor, mask: Tensor, options: CrossEntropyOptions = {}): Tensor {
  requireShape(mask.shape.length === 1 && mask.shape[0] === logits.shape[0], 'crossEntropy', 'mask must be (N)', mask);
  return weightedMean(sum(multiply(crossEntropyRows(logits, targets, options), mask)), sum(mask));
}

/** Cross-entropy of each row, (N, C) and (N) -> (N), in nats; 0 for rows whose target is C or more. */
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
  numbers: ({ inputs: [logits] }) => ({ input: 1, bound: logits.shape[1] }),
  kernels(node) {
    const [logits, targets] = node.inputs;
    const { labelSmoothing } = node.attributes;
    const layout = rowLayout(logits.shape);
    const ofTarget = rowElement(layout, 'logits', `min(wanted, ${layout.columns - 1}u)`);
    const shared = `${wgslFloat(1 - labelSmoothing)} * ${ofTarget} + ${wgslFloat(labelSmoothing)} * sum / columns`;
    const kernel = {
      label: 'crossEntropy',
      bindings: [read('logits', layout.vector), read('targets', 1, 'u32'), write('loss'), write('log_sum')],
      body: ({ max, sums }: RowLoops) => `${max('highest', 'load_logits(start + c)')}
${sums({ total: 'exp(logit - highest)', ...(labelSmoothing > 0 && { sum: 'logit' }) }, 'let logit = load_logits(start + c);')}
  if (lane == 0u) {
    let wanted = load_targets(row);
    let log_total = highest + log(total);
    store_log_sum(row, log_total);
    store_loss(row, select(0.0, log_total - (${labelSmoothing > 0 ? shared : ofTarget}), wanted < ${layout.columns}u));
  }`,
    };
    return [rowsDispatch(layout, kernel, [logits, targets, node.outputs[0], node.outputs[1]])];
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
 * nothing else needs them; 0 in rows whose target is C or more, and where dLoss is 0 whatever the logits.
 */
export const crossEntropyGradientOperation: Operation<Required<CrossEntropyOptions>> = {
  name: 'crossEntropyGradient',
  inPlace: overwritesFirst,
  outputs: ([logits]) => [{ shape: logits.shape, dtype: 'f32' }],
  kernels(node, { inPlace }) {
    const [logits, targets, logSum, dLoss] = node.inputs;
    const [result] = node.outputs;
    const layout = rowLayout(logits.shape);
    const { vector, columns: classes } = layout;
    const { labelSmoothing } = node.attributes;
    const [miss, hit] = [labelSmoothing / classes, 1 - labelSmoothing + labelSmoothing / classes].map(wgslFloat);
    const source = inPlace ? 'result' : 'logits';
    const [index, places] = vector === 4 ? ['vec4u', 'vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u)'] : ['u32', 'c'];
    const kernel = {
      label: 'crossEntropyGradient',
      bindings: [
        read('targets', 1, 'u32'),
        read('log_sum'),
        read('d_loss'),
        ...overwritable('logits', vector, inPlace),
      ],
      body: ({ each }: RowLoops) => `  let wanted = load_targets(row);
  let log_total = load_log_sum(row);
  let slope = select(0.0, load_d_loss(row), wanted < ${classes}u);
${each(`    let goal = select(Value(${miss}), Value(${hit}), ${places} == ${index}(wanted));
    let rise = (exp(load_${source}(start + c) - log_total) - goal) * slope;
    store_result(start + c, select(rise, Value(0.0), slope == 0.0));`)}`,
    };
    return [rowsDispatch(layout, kernel, [targets, logSum, dLoss, result, ...(inPlace ? [] : [logits])])];
  },
  backward: onceDifferentiable,
};
