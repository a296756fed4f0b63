/** Whether `value` is a whole number from `lowest` to `highest`, both included; NaN is not. */
export function isWhole(value: number, lowest: number, highest: number): boolean {
  return Number.isSafeInteger(value) && value >= lowest && value <= highest;
}
