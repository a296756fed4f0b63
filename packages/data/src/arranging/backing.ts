import { CHORD_TONES, type Chord, chordAt, isChordTone, pitchClass, type Tune } from '../tunes/tune.ts';
import type { Beats } from './beats.ts';
import { type Stroke, strokesOf } from './pattern.ts';
import type { Style } from './styles.ts';

/** The melody and its chords, as far as the voices under it need them. */
export interface Ground extends Pick<Tune, 'begin' | 'end' | 'notes' | 'chords'> {
  /** It goes on from its start after the end: the last bar is like any other. Else it closes. */
  readonly loops?: boolean | undefined;
}

/** A note of a voice under the melody; times in units, not rounded. */
export interface Played {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
}

/** A drum; `letter` as in Style. */
export interface Struck {
  readonly start: number;
  readonly letter: string;
}

/** Lowest bass note, C2 (65 Hz): small speakers carry little below it. */
const LOWEST_BASS = 36;
/** Lowest note of broken chords: E3, so that they lie above the bass. */
const LOWEST_CHORD_NOTE = 52;
/** Lowest note of a counter-line: A2. */
const LOWEST_LINE_NOTE = 45;
/** Intervals of a counter-line below the melody, in semitones, best first: thirds, sixths, then what the chord has. */
const LINE_INTERVALS = [3, 4, 8, 9, 5, 7, 12, 10, 6, 11];

/** Starts of the whole bars of the ground: an upbeat is none of them, a short last bar is. */
function barStarts({ begin, end }: Ground, bar: number): number[] {
  const starts: number[] = [];
  for (let start = Math.ceil(begin / bar) * bar; start < end; start += bar) starts.push(start);
  return starts;
}

/** Whether a bar is the last, in which the voices come to rest. */
function closes({ end, loops }: Ground, barStart: number, bar: number): boolean {
  return !loops && barStart + bar >= end;
}

/** The triangle: the root on the first beat of each bar and wherever the chord changes, the style's pattern between. */
export function bassLine(ground: Ground, style: Style, beats: Beats): Played[] {
  const bar = beats.count * beats.length;
  const notes: Played[] = [];
  for (const start of barStarts(ground, bar)) {
    const strokes = closes(ground, start, bar)
      ? [{ letter: 'R', start, length: bar }]
      : strokesOf(style.bass, start, beats);
    for (const stroke of withChordChanges(strokes, ground.chords, start, start + bar)) {
      const chord = chordAt(ground.chords, stroke.start);
      const end = Math.min(stroke.start + stroke.length, ground.end);
      if (chord && end > stroke.start) notes.push({ start: stroke.start, end, pitch: bassPitch(chord, stroke.letter) });
    }
  }
  return notes;
}

/** Where a chord begins within the bar the bass plays its root, whatever the pattern has there. */
function withChordChanges(strokes: readonly Stroke[], chords: readonly Chord[], from: number, to: number): Stroke[] {
  const changes = chords.map(({ start }) => start).filter((start) => start > from && start < to);
  const starts = [...new Set([...strokes.map(({ start }) => start), ...changes])].sort((a, b) => a - b);
  return starts.map((start, index) => {
    const next = starts[index + 1] ?? to;
    const under = strokes.findLast((stroke) => stroke.start <= start);
    const length = under && under.start === start ? under.length : next - start;
    const letter = under && under.start === start && !changes.includes(start) ? under.letter : 'R';
    return { start, length: Math.min(length, next - start), letter };
  });
}

function bassPitch({ root, quality }: Chord, letter: string): number {
  const [, third, fifth] = CHORD_TONES[quality];
  const low = LOWEST_BASS + pitchClass(root - LOWEST_BASS);
  return low + ({ T: third, F: fifth, O: 12 }[letter] ?? 0);
}

/**
 * Pulse 2 from a pattern: broken chords, or `A` for a fast arpeggio, which `arpeggio` units a tone makes of a stroke. A
 * tone that would lie above the melody is taken an octave lower.
 */
export function chordFigures(ground: Ground, style: Style, beats: Beats, arpeggio: number): Played[] {
  const bar = beats.count * beats.length;
  const notes: Played[] = [];
  for (const barStart of barStarts(ground, bar)) {
    for (const { letter, start, length } of strokesOf(style.second, barStart, beats)) {
      const chord = chordAt(ground.chords, start);
      if (!chord) continue;
      const end = Math.min(start + length, ground.end, nextChange(ground.chords, start));
      const top = lowestNote(ground.notes, start, end);
      const tones = chordPitches(chord).map((pitch) => (pitch > top ? pitch - 12 : pitch));
      if (letter !== 'A') {
        if (end > start) notes.push({ start, end, pitch: tones[Number(letter)] });
        continue;
      }
      for (let index = 0; start + index * arpeggio < end; index++) {
        const from = start + index * arpeggio;
        notes.push({ start: from, end: Math.min(from + arpeggio, end), pitch: tones[index % tones.length] });
      }
    }
  }
  return notes;
}

/** Four tones from below: those of the triad in close position, then the lowest of them an octave up. */
function chordPitches({ root, quality }: Chord): number[] {
  const triad = CHORD_TONES[quality].slice(0, 3).map((tone) => {
    return LOWEST_CHORD_NOTE + pitchClass(root + tone - LOWEST_CHORD_NOTE);
  });
  triad.sort((a, b) => a - b);
  return [...triad, triad[0] + 12];
}

/** The lowest melody note that sounds between two units. */
function lowestNote(notes: Ground['notes'], from: number, to: number): number {
  return notes.reduce(
    (lowest, { start, length, pitch }) => (start < to && start + length > from ? Math.min(lowest, pitch) : lowest),
    Number.POSITIVE_INFINITY,
  );
}

function nextChange(chords: readonly Chord[], unit: number): number {
  return chords.find(({ start }) => start > unit)?.start ?? Number.POSITIVE_INFINITY;
}

/**
 * Pulse 2 as a counter-line: under each melody note that starts on a beat or on its half (or third), a chord tone a
 * third or a sixth below where there is one. It holds through faster notes, rests with the melody and moves where the
 * chord changes.
 */
export function counterLine(ground: Ground, beats: Beats): Played[] {
  const grid = beats.length / beats.division;
  const notes: Played[] = [];
  for (const { start, length, pitch } of ground.notes) {
    const end = start + length;
    const changes = ground.chords.map((chord) => chord.start).filter((change) => change > start && change < end);
    for (const [index, from] of [start, ...changes].entries()) {
      const to = changes[index] ?? end;
      const chord = chordAt(ground.chords, from);
      const previous = notes.at(-1);
      const goesOn = previous?.end === from;
      if (previous && goesOn && from % grid !== 0 && isLineNote(chord, previous.pitch, pitch)) {
        notes[notes.length - 1] = { ...previous, end: to };
      } else {
        const below = chord && LINE_INTERVALS.find((interval) => isLineNote(chord, pitch - interval, pitch));
        if (below !== undefined) notes.push({ start: from, end: to, pitch: pitch - below });
      }
    }
  }
  return notes;
}

function isLineNote(chord: Chord | undefined, pitch: number, melody: number): boolean {
  return chord !== undefined && pitch >= LOWEST_LINE_NOTE && pitch < melody && isChordTone(chord, pitch);
}

/** The noise: the style's drums in each whole bar, its fill in each fourth, one kick in the last. */
export function drumLine(ground: Ground, style: Style, beats: Beats): Struck[] {
  const bar = beats.count * beats.length;
  return barStarts(ground, bar).flatMap((start, index) => {
    if (closes(ground, start, bar)) return [{ start, letter: 'K' }];
    return strokesOf(index % 4 === 3 ? style.fill : style.drums, start, beats);
  });
}
