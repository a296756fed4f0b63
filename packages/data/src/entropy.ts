/** Shannon entropy, in bits, of what is counted; NaN where nothing is. */
export function entropy(counts: readonly number[]): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return Number.NaN;
  return counts.reduce((bits, count) => (count === 0 ? bits : bits - (count / all) * Math.log2(count / all)), 0);
}
