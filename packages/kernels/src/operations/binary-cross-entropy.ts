import { elementwiseOperation } from '../kernels/elementwise.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import { elementCount, sameShape } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { multiply } from './binary.ts';
import { mean, scale, sum } from './sum.ts';
import { weightedMean } from './weighted-mean.ts';

/**
 * Mean binary cross-entropy of sigmoid(logits) against targets over the elements whose mask is 1, in nats. A logit x
 * with target t counts -t log(sigmoid(x)) - (1 - t) log(1 - sigmoid(x)), without overflow as
 * max(x, 0) - x t + log(1 + exp(-|x|)).
 *
 * @param logits any shape, f32
 * @param targets the same shape, f32, 0 to 1; they get no gradient
 * @param mask broadcasts to that shape, f32, 1 or 0 (or weights); all elements if left out. If all are 0 the loss is 0
 *   and has no gradient
 * @returns scalar
 */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor, mask?: Tensor): Tensor {
  const elements = binaryCrossEntropyElements(logits, targets);
  if (mask === undefined) return mean(elements);
  const masked = multiply(elements, mask);
  requireShape(sameShape(masked.shape, logits.shape), 'binaryCrossEntropy', 'mask must broadcast', logits, mask);
  const repeats = elementCount(logits.shape) / elementCount(mask.shape);
  return weightedMean(sum(masked), scale(sum(mask), repeats));
}

/** Binary cross-entropy of each element, of the shape of the logits, in nats. */
export function binaryCrossEntropyElements(logits: Tensor, targets: Tensor): Tensor {
  return logits.graph.apply(binaryCrossEntropyOperation, [logits, targets], {})[0];
}

/** One kernel because every term of the formula made by an operation of its own would take the memory of the logits. */
export const binaryCrossEntropyOperation = elementwiseOperation<object>({
  name: 'binaryCrossEntropy',
  outputs([logits, targets]) {
    requireType(logits, 'f32', 'binaryCrossEntropy', 'logits');
    requireType(targets, 'f32', 'binaryCrossEntropy', 'targets');
    const fits = sameShape(logits.shape, targets.shape);
    requireShape(fits, 'binaryCrossEntropy', 'logits and targets must have one shape', logits, targets);
    return [{ shape: logits.shape, dtype: 'f32' }];
  },
  formula: () => ({
    label: 'binaryCrossEntropy',
    expression: 'max(x, 0.0) - x * t + log(1.0 + exp(-abs(x)))',
    operands: ['x', 't'],
  }),
  backward(node, [dy], [wanted]) {
    if (dy === undefined || !wanted) return [undefined, undefined];
    const [gradient] = dy.graph.apply(binaryCrossEntropyGradientOperation, [dy, ...node.inputs], {});
    return [gradient, undefined];
  },
});

/** dx = dy (sigmoid(x) - t). */
export const binaryCrossEntropyGradientOperation = elementwiseOperation<object>({
  name: 'binaryCrossEntropyGradient',
  outputs: ([dy]) => [{ shape: dy.shape, dtype: 'f32' }],
  formula: () => ({
    label: 'binaryCrossEntropyGradient',
    // The exponential is clamped as in the table of unary functions.
    expression: 'dy * (1.0 / (1.0 + exp(-max(x, -80.0))) - t)',
    operands: ['dy', 'x', 't'],
  }),
  backward: onceDifferentiable,
});
