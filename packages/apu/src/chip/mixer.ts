/** Output of the two pulses together, 0..0.2588, for the sum 0..30 of their levels. */
export function mixPulses(sum: number): number {
  return sum === 0 ? 0 : 95.88 / (8128 / sum + 100);
}

/** Output of triangle (0..15), noise (0..15) and DMC (0..127) together, 0..0.7418. */
export function mixTriangleNoiseDmc(triangle: number, noise: number, dmc: number): number {
  const sum = triangle / 8227 + noise / 12_241 + dmc / 22_638;
  return sum === 0 ? 0 : 159.79 / (1 / sum + 100);
}

/** `mixPulses` as a table. */
export const PULSE_MIX: Float64Array = Float64Array.from({ length: 31 }, (_, sum) => mixPulses(sum));

/** `mixTriangleNoiseDmc` as a table, by triangle << 11 | noise << 7 | dmc. */
export const TRIANGLE_NOISE_DMC_MIX: Float64Array = Float64Array.from({ length: 1 << 15 }, (_, index) =>
  mixTriangleNoiseDmc(index >> 11, (index >> 7) & 15, index & 127),
);
