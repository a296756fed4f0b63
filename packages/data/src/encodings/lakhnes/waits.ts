/**
 * The 370 waits of LakhNES' vocabulary, in samples at 44.1 kHz, ascending: 1..100 in steps of 1, to 1,000 in steps of
 * 10, to 10,000 in steps of 100, to 100,000 in steps of 1,000 (Donahue et al., "LakhNES", ISMIR 2019;
 * chrisdonahue/LakhNES).
 */
export const WAITS: readonly number[] = [
  ...range(1, 100, 1),
  ...range(110, 1_000, 10),
  ...range(1_100, 10_000, 100),
  ...range(11_000, 100_000, 1_000),
];

function range(first: number, last: number, step: number): number[] {
  return Array.from({ length: (last - first) / step + 1 }, (_, index) => first + index * step);
}

/**
 * Place in WAITS of the listed value nearest to a wait of 1 or more samples; whatever is longer than the longest takes
 * that. A wait half-way between two values takes the shorter. (LakhNES lets the order of a Python set decide; in
 * CPython the longer wins in 52 of the 270 possible ties.)
 */
export function nearestWait(samples: number): number {
  const above = firstAtLeast(samples);
  if (above === WAITS.length) return WAITS.length - 1;
  if (WAITS[above] === samples) return above;
  const up = WAITS[above] - samples;
  const down = samples - WAITS[above - 1];
  return up < down ? above : above - 1;
}

/** Place of the first listed value that is not below `samples`; WAITS.length if all are. */
function firstAtLeast(samples: number): number {
  let low = 0;
  let high = WAITS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (WAITS[middle] < samples) low = middle + 1;
    else high = middle;
  }
  return low;
}
