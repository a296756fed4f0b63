import { ModelError } from '../error.ts';

/** How adventurous sampling is. */
export interface SamplingOptions {
  /** Divides the scores: below 1 safer, above 1 wilder; > 0. */
  readonly temperature: number;
  /** Only the k likeliest events, k >= 1; all if left out. */
  readonly topK?: number | undefined;
  /** Only the likeliest events that together hold this share (nucleus, Holtzman et al., arXiv 1904.09751), 0..1. */
  readonly topP?: number | undefined;
}

/**
 * Draws one event.
 *
 * @param logits scores of C classes
 * @param allowed the grammar: classes that may come; at least one
 * @param draw uniform in [0, 1)
 * @returns the event, and its log-probability under the model itself (temperature 1, no cut, but within the grammar)
 * @throws ModelError if a score is no number
 */
export function chooseEvent(
  logits: ArrayLike<number>,
  allowed: readonly boolean[],
  { temperature, topK, topP }: SamplingOptions,
  draw: number,
): { event: number; logProbability: number } {
  const candidates = Array.from(allowed.keys()).filter((event) => allowed[event]);
  // Equal scores keep the order of their classes, so that the same draw gives the same event everywhere.
  candidates.sort((a, b) => logits[b] - logits[a] || a - b);
  const highest = logits[candidates[0]];
  const total = candidates.reduce((sum, event) => sum + Math.exp(logits[event] - highest), 0);

  if (!Number.isFinite(total)) throw new ModelError('The scores of the model are no numbers; train it anew.');

  let kept = candidates.slice(0, topK ?? candidates.length);
  let weights = kept.map((event) => Math.exp((logits[event] - highest) / temperature));
  if (topP !== undefined) {
    const enough = topP * weights.reduce((sum, weight) => sum + weight, 0);
    let held = 0;
    const last = weights.findIndex((weight) => {
      held += weight;
      return held >= enough;
    });
    kept = kept.slice(0, last < 0 ? kept.length : last + 1);
    weights = weights.slice(0, kept.length);
  }
  const event = kept[pick(weights, draw)];
  return { event, logProbability: logits[event] - highest - Math.log(total) };
}

/**
 * Index drawn in proportion to weights.
 *
 * @param weights 0 or more, at least one above
 * @param draw uniform in [0, 1)
 */
export function pick(weights: readonly number[], draw: number): number {
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  // Rounding can leave a rest; the last index with weight takes it.
  return weights.findLastIndex((weight) => weight > 0);
}
