/**
 * Longest multiple and divisor of the unit length: above any tune (`C96` at L:1/64), and no digit too many makes an
 * hour.
 */
const MAX_FACTOR = 1024;

/**
 * What a length behind a note multiplies the unit length by: `3`, `3/2`, `/` (a half), `//` (a quarter), `/4`.
 *
 * @returns undefined if it is 0 or outside 1/1024..1024
 */
export function multipleOf(numerator: string, divisors: string): number | undefined {
  const multiple = numerator === '' ? 1 : Number(numerator);
  let divisor = 1;
  for (const digits of divisors.split('/').slice(1, 12)) divisor *= digits === '' ? 2 : Number(digits);
  const isUsable = multiple >= 1 && multiple <= MAX_FACTOR && divisor >= 1 && divisor <= MAX_FACTOR;
  return isUsable ? multiple / divisor : undefined;
}

/** Quarter notes of a unit length such as `1/8`; undefined if it is none. */
export function unitLengthOf(field: string): number | undefined {
  const [, numerator, denominator = '1'] = /^(\d+)(?:\/(\d+))?$/.exec(field) ?? [];
  const length = (4 * Number(numerator)) / Number(denominator);
  return length >= 4 / 512 && length <= 4 ? length : undefined;
}
