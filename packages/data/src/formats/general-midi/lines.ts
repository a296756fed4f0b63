import { FRAME_TICKS } from '../../timing/latch.ts';
import type { PlayedNote } from './parts.ts';

/** Notes that never overlap, and those that found no room among them. */
export interface Line {
  readonly line: readonly PlayedNote[];
  readonly left: readonly PlayedNote[];
}

/** Overlaps of a melody played legato last up to this share of both notes; longer ones are held notes. */
const LEGATO = 0.5;
/** A note cut shorter than this is the beginning of a chord not struck quite at once. */
const STRUM = 2 * FRAME_TICKS;

/**
 * The skyline: of the notes that sound together the highest, one that starts later cutting a lower one short
 * (Uitdenbogerd and Zobel, "Melodic matching techniques for large music databases", ACM Multimedia 1999). Two things
 * are put right for files played by hand: a falling line played legato keeps its notes, and of a strummed chord only
 * the highest is heard. With `rank` the negative pitch it gives the lowest line.
 *
 * @param notes in order of their starts
 */
export function takeLine(notes: readonly PlayedNote[], rank: (pitch: number) => number): Line {
  const line: PlayedNote[] = [];
  const left: PlayedNote[] = [];
  const ordered = notes.toSorted((a, b) => a.start - b.start || rank(b.pitch) - rank(a.pitch));
  for (const note of ordered) {
    const sounding = line.at(-1);
    if (!sounding || sounding.end <= note.start) {
      line.push(note);
    } else if (sounding.start < note.start && (rank(note.pitch) >= rank(sounding.pitch) || isLegato(sounding, note))) {
      if (note.start - sounding.start < STRUM) {
        line.pop();
        left.push(sounding);
      } else line[line.length - 1] = { ...sounding, end: note.start };
      line.push(note);
    } else {
      left.push(note);
    }
  }
  return { line, left };
}

function isLegato(before: PlayedNote, after: PlayedNote): boolean {
  const overlap = before.end - after.start;
  return overlap <= LEGATO * Math.min(before.end - before.start, after.end - after.start);
}

/**
 * Fills the rests of a line that last at least `shortest` ticks with what others play there. Notes that start before a
 * rest are not taken, those that last longer are cut.
 *
 * @param others notes in order of their starts
 * @param end of the piece: the rest after the last note ends there
 */
export function fillRests(
  line: readonly PlayedNote[],
  others: readonly PlayedNote[],
  rank: (pitch: number) => number,
  shortest: number,
  end: number,
): Line {
  const filled: PlayedNote[] = [];
  const left: PlayedNote[] = [];
  let next = 0;
  let restStart = 0;
  for (let index = 0; index <= line.length; index++) {
    const restEnd = line[index]?.start ?? end;
    const fits = restEnd > restStart && restEnd - restStart >= shortest;
    const inside: PlayedNote[] = [];
    for (; next < others.length && others[next].start < restEnd; next++) {
      if (fits && others[next].start >= restStart) inside.push(others[next]);
      else left.push(others[next]);
    }
    const taken = takeLine(inside, rank);
    filled.push(...taken.line.map((note) => (note.end > restEnd ? { ...note, end: restEnd } : note)));
    left.push(...taken.left);
    if (index < line.length) {
      filled.push(line[index]);
      restStart = line[index].end;
    }
  }
  left.push(...others.slice(next));
  return { line: filled, left: left.sort((a, b) => a.start - b.start) };
}

/** Chords as a single line: notes that sound together take turns from the lowest up, one video frame each. */
export function arpeggiate(notes: readonly PlayedNote[]): PlayedNote[] {
  const line: PlayedNote[] = [];
  const times = [...new Set(notes.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  let next = 0;
  let sounding: PlayedNote[] = [];
  for (const [index, from] of times.slice(0, -1).entries()) {
    const to = times[index + 1];
    sounding = sounding.filter(({ end }) => end > from);
    for (; next < notes.length && notes[next].start <= from; next++) sounding.push(notes[next]);
    sounding.sort((a, b) => a.pitch - b.pitch);
    const [alone, ...others] = sounding;
    if (alone === undefined) continue;
    const previous = line.at(-1);
    if (others.length > 0) line.push(...turns(sounding, from, to));
    else if (previous?.end === from && previous.struck === alone.struck && previous.pitch === alone.pitch) {
      line[line.length - 1] = { ...previous, end: to, ring: to };
    } else line.push({ ...alone, start: from, end: to, ring: to });
  }
  return line;
}

function turns(chord: readonly PlayedNote[], from: number, to: number): PlayedNote[] {
  const played: PlayedNote[] = [];
  for (let frame = 0; ; frame++) {
    const start = from + Math.round(frame * FRAME_TICKS);
    if (start >= to) return played;
    const end = Math.min(to, from + Math.round((frame + 1) * FRAME_TICKS));
    played.push({ ...chord[frame % chord.length], start, end, ring: end });
  }
}
