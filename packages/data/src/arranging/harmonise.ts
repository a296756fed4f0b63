import { CHORD_TONES, type Chord, type Key, type Mode, pitchClass, type TuneLine } from '../tunes/tune.ts';
import { beatsOf, harmonicRhythm } from './beats.ts';

/** The part a chord plays on the way to a cadence. */
type Role = 'tonic' | 'departure' | 'dominant';

interface Degree {
  /** Semitones above the tonic. */
  readonly root: number;
  readonly quality: Chord['quality'];
  readonly role: Role;
  /** How readily it is taken when the notes do not decide, in units of a whole stretch of chord tones. */
  readonly preference: number;
}

const degree = (root: number, quality: Chord['quality'], role: Role, preference: number): Degree => ({
  root,
  quality,
  role,
  preference,
});

/** The chords of each mode. The first is the tonic, the second the chord that leads back to it. */
const DEGREES: Readonly<Record<Mode, readonly Degree[]>> = {
  major: [
    degree(0, 'major', 'tonic', 0.2),
    degree(7, 'major', 'dominant', 0.15),
    degree(5, 'major', 'departure', 0.1),
    degree(9, 'minor', 'departure', 0),
    degree(2, 'minor', 'departure', 0),
  ],
  minor: [
    degree(0, 'minor', 'tonic', 0.2),
    degree(7, 'major', 'dominant', 0.15),
    degree(5, 'minor', 'departure', 0.1),
    degree(3, 'major', 'departure', 0.05),
    degree(10, 'major', 'departure', 0.05),
    degree(8, 'major', 'departure', 0),
  ],
  dorian: [
    degree(0, 'minor', 'tonic', 0.2),
    degree(10, 'major', 'dominant', 0.15),
    degree(5, 'major', 'departure', 0.1),
    degree(3, 'major', 'departure', 0.05),
    degree(7, 'minor', 'departure', 0),
  ],
  mixolydian: [
    degree(0, 'major', 'tonic', 0.2),
    degree(10, 'major', 'dominant', 0.15),
    degree(5, 'major', 'departure', 0.1),
    degree(7, 'minor', 'departure', 0),
    degree(2, 'minor', 'departure', 0),
  ],
};

/** How well one chord follows another. A dominant wants its tonic, and hardly goes back to a departure. */
const FOLLOWING: Readonly<Record<Role, Readonly<Record<Role, number>>>> = {
  tonic: { tonic: 0, departure: 0.05, dominant: 0.05 },
  departure: { tonic: 0, departure: 0, dominant: 0.1 },
  dominant: { tonic: 0.15, departure: -0.3, dominant: 0 },
};
/** For keeping the chord: 8 notes of a scale in one bar are better served by one chord than by two. */
const STAYING = 0.1;
/** For a change in the middle of a bar. */
const CHANGE_WITHIN_BAR = -0.25;
/** For the cadence: a dominant right before the last chord. */
const CADENCE = 0.3;
/**
 * A note outside the chord costs this much of what a chord tone gains: passing notes are short, so they weigh little.
 */
const CLASH = 0.6;

/**
 * Finds simple chords for a melody: the chain of chords, one a bar or a half bar, with the greatest sum of what its
 * tones cover of the melody's time (notes on the beat count double) and of how well each chord follows the one before,
 * by dynamic programming (Viterbi). The last chord is the tonic.
 *
 * @returns chords sorted by start, each different from the one before; the first starts with the music
 */
export function harmonise(line: TuneLine, key: Key): Chord[] {
  const step = harmonicRhythm(line.meter);
  const bar = beatsOf(line.meter).count * beatsOf(line.meter).length;
  const first = Math.floor(line.begin / step);
  const count = Math.max(1, Math.ceil(line.end / step) - first);
  const degrees = DEGREES[key.mode];

  const totals: number[][] = [];
  const origins: number[][] = [];
  for (let index = 0; index < count; index++) {
    const start = (first + index) * step;
    const isLast = index === count - 1;
    const covers = coverOf(line, start, start + step, key, degrees);
    totals.push([]);
    origins.push([]);
    for (const [to, chord] of degrees.entries()) {
      const isAllowed = !isLast || to === 0;
      const own = isAllowed ? covers[to] + chord.preference : Number.NEGATIVE_INFINITY;
      const arrivals = degrees.map((from, origin) => {
        if (index === 0) return 0;
        const change = origin === to ? STAYING : start % bar === 0 ? 0 : CHANGE_WITHIN_BAR;
        const cadence = isLast && from.role === 'dominant' ? CADENCE : 0;
        return totals[index - 1][origin] + FOLLOWING[from.role][chord.role] + change + cadence;
      });
      const origin = arrivals.indexOf(Math.max(...arrivals));
      totals[index].push(own + arrivals[origin]);
      origins[index].push(origin);
    }
  }

  const path = new Array<number>(count).fill(0);
  for (let index = count - 1; index > 0; index--) path[index - 1] = origins[index][path[index]];
  return path.flatMap((choice, index): Chord[] => {
    if (index > 0 && path[index - 1] === choice) return [];
    const start = Math.max(line.begin, (first + index) * step);
    return [{ start, root: pitchClass(key.tonic + degrees[choice].root), quality: degrees[choice].quality }];
  });
}

/**
 * For each degree, what it covers of the stretch [from, to): -CLASH (nothing) to 1 (all of it); 0 where all is silent.
 */
function coverOf(line: TuneLine, from: number, to: number, key: Key, degrees: readonly Degree[]): number[] {
  const beat = beatsOf(line.meter).length;
  const weights = new Array<number>(12).fill(0);
  let sum = 0;
  for (const { start, length, pitch } of line.notes) {
    const sounding = Math.min(start + length, to) - Math.max(start, from);
    if (sounding <= 0) continue;
    const weight = sounding * (start % beat === 0 ? 2 : 1);
    weights[pitchClass(pitch - key.tonic)] += weight;
    sum += weight;
  }
  return degrees.map(({ root, quality }) => {
    const tones: readonly number[] = CHORD_TONES[quality];
    const covered = tones.reduce((total, tone) => total + weights[(root + tone) % 12], 0);
    return sum === 0 ? 0 : (covered - CLASH * (sum - covered)) / sum;
  });
}
