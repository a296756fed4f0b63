/** A quantile of those values that are numbers; NaN of none. @param share 0..1, 0.5 for the median */
export function quantileOf(all: readonly number[], share: number): number {
  const values = all.filter(Number.isFinite).sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
}
