/** A few values of each result, evenly spread, the first and the last among them. */
export type Digest = readonly (readonly number[])[];

const VALUES = 9;

/** Of the largest value of a result. f32 sums in another order differ by far less, another problem by far more. */
const TOLERANCE = 0.01;

export function digestOf(results: readonly ArrayLike<number>[]): Digest {
  return results.map((values) =>
    Array.from({ length: VALUES }, (_, index) => values[Math.round((index * (values.length - 1)) / (VALUES - 1))]),
  );
}

/** Where two digests are not of the same results; undefined where they agree. */
export function disagreement(ours: Digest, theirs: Digest): string | undefined {
  if (ours.length !== theirs.length) return `${theirs.length} results instead of ${ours.length}`;
  for (const [index, expected] of ours.entries()) {
    const scale = Math.max(...expected.map(Math.abs));
    const wrong = expected.findIndex((value, place) => !(Math.abs(theirs[index][place] - value) <= TOLERANCE * scale));
    if (wrong >= 0) return `result ${index} has ${theirs[index][wrong]} where ours has ${expected[wrong]}`;
  }
  return undefined;
}
