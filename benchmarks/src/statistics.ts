/** The middle value, or the mean of the two middle ones. @throws RangeError for an empty list */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median: the list is empty.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest value. @throws RangeError for an empty list */
export function minimum(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('minimum: the list is empty.');
  return values.reduce((least, value) => Math.min(least, value));
}

/** The largest value. @throws RangeError for an empty list */
export function maximum(values: readonly number[]): number {
  return -minimum(values.map((value) => -value));
}
