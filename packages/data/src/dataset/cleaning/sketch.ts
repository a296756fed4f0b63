import type { Note } from '@chipsmith/apu';
import { deriveSeed } from '../../random.ts';
import { Sha256 } from '../../sha256.ts';
import type { Song } from '../../song.ts';

/** What is remembered of a song to tell whether another is the same music. */
export interface Sketch {
  /**
   * Equal for songs whose notes have equal times and pitches, counted from the first note; volume and duty do not
   * matter. Undefined for a song without notes, which is nobody's copy.
   */
  readonly notes: string | undefined;
  /** The lowest hashes of the song's runs of intervals, rising; all of them if there are no more than SKETCH_SIZE. */
  readonly runs: Uint32Array;
}

/** Hashes kept of a song: the share of runs in common is then known to about 4 % (half over the square root of 128). */
export const SKETCH_SIZE = 128;

/**
 * Intervals in a run: six notes. A note that is left out takes six runs with it, so that longer ones find such copies
 * less well.
 */
const RUN_LENGTH = 5;
/**
 * Runs that repeat themselves after so many intervals or fewer (arpeggios, trills, scales) are in many songs, and do
 * not count.
 */
const LONGEST_FIGURE = 4;

/**
 * The sketch of a song. Runs are successive melodic intervals within a pitched voice, whichever it is: transposition,
 * tempo, uneven timing and exchanged voices leave them as they are, and what repeats counts once; figures are left out.
 * Transposition-invariant n-grams as the step before splitting: VGM-RNN's advice for files from the web; the lowest
 * hashes as a sample: Broder, "On the resemblance and containment of documents", 1997.
 */
export function sketchOf({ voices }: Song): Sketch {
  const all = [voices.pulse1, voices.pulse2, voices.triangle, voices.noise];
  const first = Math.min(...all.map((notes) => notes[0]?.start ?? Number.POSITIVE_INFINITY));
  const hash = new Sha256();
  for (const notes of all) {
    const numbers = notes.flatMap(({ start, end, pitch }) => [start - first, end - first, pitch]);
    hash.update(new Uint8Array(Float64Array.from([notes.length, ...numbers]).buffer));
  }
  const runs = new Set<number>();
  for (const notes of all.slice(0, 3)) addRuns(notes, runs);
  return {
    notes: first === Number.POSITIVE_INFINITY ? undefined : hash.hex(),
    runs: Uint32Array.from(runs).sort().slice(0, SKETCH_SIZE),
  };
}

function addRuns(notes: readonly Note[], runs: Set<number>): void {
  const intervals = notes.slice(1).map(({ pitch }, index) => pitch - notes[index].pitch);
  for (let end = RUN_LENGTH; end <= intervals.length; end++) {
    const run = intervals.slice(end - RUN_LENGTH, end);
    if (!isFigure(run)) runs.add(deriveSeed(0, ...run));
  }
}

function isFigure(run: readonly number[]): boolean {
  for (let period = 1; period <= LONGEST_FIGURE; period++) {
    if (run.every((interval, index) => index < period || interval === run[index - period])) return true;
  }
  return false;
}

/** The share, 0..1, of runs that two songs have in common (Jaccard), as their sketches tell. */
export function likeness(one: Sketch, other: Sketch): number {
  const isWhole = (sketch: Sketch) => sketch.runs.length < SKETCH_SIZE;
  const size = isWhole(one) && isWhole(other) ? Number.POSITIVE_INFINITY : SKETCH_SIZE;
  let [a, b, union, common] = [0, 0, 0, 0];
  while (union < size && (a < one.runs.length || b < other.runs.length)) {
    const left = one.runs[a] ?? Number.POSITIVE_INFINITY;
    const right = other.runs[b] ?? Number.POSITIVE_INFINITY;
    if (left <= right) a++;
    if (right <= left) b++;
    if (left === right) common++;
    union++;
  }
  return union === 0 ? 0 : common / union;
}
