import type { Tensor } from '../trace/trace.ts';
import { divide, maximum } from './binary.ts';

/** What the weights of a mean add up to at least; what adds up to less has no mean. */
const MIN_WEIGHT = 1e-20;

/**
 * total / weight of scalars, where the total is a weighted sum and the weight the sum of its weights; 0 with gradients
 * of 0 where all weights are 0, as when a micro-batch has nothing but padding.
 */
export function weightedMean(total: Tensor, weight: Tensor): Tensor {
  return divide(total, maximum(weight, weight.graph.constant(Float32Array.of(MIN_WEIGHT), [])));
}
