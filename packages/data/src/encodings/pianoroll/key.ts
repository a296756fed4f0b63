import { majorKey } from '../melody/squash.ts';

/** A note for finding a key: its time on some grid, and its pitch. */
interface Onset {
  readonly start: number;
  readonly pitch: number;
}

/**
 * The shortest way, in semitones -5..6, to C from the major key that holds most of the notes. A pitch class counts once
 * a step, so that neither octaves nor unisons weigh.
 */
export function semitonesToC(onsets: readonly Onset[]): number {
  const different = new Map(onsets.map(({ start, pitch }) => [`${start} ${pitch % 12}`, pitch % 12]));
  const key = majorKey(different.values());
  return (key <= 5 ? 0 : 12) - key;
}
