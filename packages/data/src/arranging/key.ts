import { type Key, pitchClass, type TuneNote } from '../tunes/tune.ts';

/**
 * How well each semitone above the tonic fits a key, as listeners rated them (Krumhansl and Kessler 1982;
 * Krumhansl, "Cognitive Foundations of Musical Pitch", 1990, table 2.1).
 */
const MAJOR_PROFILE = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
const MINOR_PROFILE = [6.33, 2.68, 3.52, 5.38, 2.6, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];

/**
 * The major or minor key whose profile covaries most with the durations of the twelve pitch classes (the method of
 * Krumhansl and Schmuckler). Of equals the first: C major when there are no notes.
 */
export function estimateKey(notes: readonly Pick<TuneNote, 'pitch' | 'length'>[]): Key {
  const durations = new Array<number>(12).fill(0);
  for (const { pitch, length } of notes) durations[pitchClass(pitch)] += length;
  let best: Key = { tonic: 0, mode: 'major' };
  let bestFit = Number.NEGATIVE_INFINITY;
  for (const [mode, profile] of [
    ['major', MAJOR_PROFILE],
    ['minor', MINOR_PROFILE],
  ] as const) {
    const mean = profile.reduce((sum, rating) => sum + rating, 0) / 12;
    const spread = Math.hypot(...profile.map((rating) => rating - mean));
    for (let tonic = 0; tonic < 12; tonic++) {
      const fit = profile.reduce((sum, rating, degree) => sum + (rating - mean) * durations[(tonic + degree) % 12], 0);
      if (fit / spread > bestFit + 1e-9) {
        bestFit = fit / spread;
        best = { tonic, mode };
      }
    }
  }
  return best;
}
