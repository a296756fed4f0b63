import { type MusicMeasures, measuresOf } from './measures.ts';

/**
 * How differently two collections of tracks are distributed, 0 (alike) to 1: for each measure the greatest distance
 * between the two cumulative distributions (Kolmogorov and Smirnov).
 */
export function compareMeasures(a: readonly MusicMeasures[], b: readonly MusicMeasures[]): MusicMeasures {
  const distance = (name: keyof MusicMeasures) =>
    distributionDistance(
      a.map((measures) => measures[name]),
      b.map((measures) => measures[name]),
    );
  return measuresOf(distance);
}

function distributionDistance(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [a, b].map((values) => values.filter(Number.isFinite).sort((x, y) => x - y));
  if (left.length === 0 || right.length === 0) return 1;
  let greatest = 0;
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i], right[j]);
    while (left[i] <= value) i++;
    while (right[j] <= value) j++;
    greatest = Math.max(greatest, Math.abs(i / left.length - j / right.length));
  }
  return greatest;
}
