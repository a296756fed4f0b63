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
