import { foldInto } from '../../pitch.ts';
import { BASIC_ALPHABET, type Melody } from './alphabet.ts';

const { minNote: MIN_NOTE, maxNote: MAX_NOTE } = BASIC_ALPHABET;

/** Semitones above the tonic of the seven pitch classes of a major key. */
const MAJOR_SCALE = [0, 2, 4, 5, 7, 9, 11];

/**
 * The semitones by which note_seq's Melody.squash moves a melody with transpose_to_key 0: by the way to C, from the
 * major key whose scale holds most of the notes (of equals the lowest, C = 0), plus the whole octaves that bring the
 * middle of the melody's range nearest to the middle of the alphabet's (a half rounds to the even neighbour, as
 * Python's round does).
 */
export function squashTransposition(melody: Melody): number {
  const pitches = melody.filter((event) => event >= 0);
  if (pitches.length === 0) return 0;
  const toC = 0 - majorKey(pitches);
  const lowest = pitches.reduce((a, b) => Math.min(a, b));
  const highest = pitches.reduce((a, b) => Math.max(a, b));
  const middle = (lowest + highest) / 2;
  const target = (MIN_NOTE + MAX_NOTE - 1) / 2;
  return toC + 12 * roundHalfToEven((target - (middle + toC)) / 12);
}

/**
 * Brings a melody into C and into the alphabet's range, as note_seq's Melody.squash does: it is transposed, and notes
 * still outside the range are folded in by octaves. Doing it twice changes nothing more.
 */
export function squash(melody: Melody, transposition = squashTransposition(melody)): Melody {
  return melody.map((event) => (event < 0 ? event : foldInto(event + transposition, MIN_NOTE, MAX_NOTE - 1)));
}

/** The major key, 0 = C .. 11 = B, in whose scale most of the pitches lie; of equals the lowest. */
export function majorKey(pitches: Iterable<number>): number {
  const votes = majorKeyVotes(pitches);
  return votes.indexOf(Math.max(...votes));
}

/** Entry n: how many of the pitches lie in the scale of the major key n (0 = C). Each pitch votes for seven keys. */
export function majorKeyVotes(pitches: Iterable<number>): number[] {
  const votes = new Array<number>(12).fill(0);
  for (const pitch of pitches) for (const degree of MAJOR_SCALE) votes[(pitch + 12 - degree) % 12]++;
  return votes;
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const isHalf = value - floor === 0.5;
  return isHalf ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}
