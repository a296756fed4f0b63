import type { Note } from '@chipsmith/apu';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { kitKeyOf } from '../general-midi/drums.ts';

/** A piece of the drum kit, struck. */
export interface DrumStroke {
  readonly start: number;
  readonly end: number;
  /** General MIDI's percussion key. */
  readonly key: number;
  /** The loudest, 0..15. */
  readonly volume: number;
}

/** A drum's pitch moves in its first frames (a click before a thump); longer than this a note is a drum of its own. */
const ATTACK = 4 * FRAME_TICKS;

/**
 * The noise's notes as strokes on a drum kit: notes that follow one another at once, without getting louder, are one
 * stroke.
 */
export function drumStrokes(notes: readonly Note[]): DrumStroke[] {
  const strokes: Note[][] = [];
  for (const note of notes) {
    const stroke = strokes.at(-1);
    const before = stroke?.at(-1);
    const goesOn =
      stroke &&
      before?.end === note.start &&
      note.start - stroke[0].start <= ATTACK &&
      peakOf(note) <= fallenTo(before);
    if (goesOn) stroke.push(note);
    else strokes.push([note]);
  }
  return strokes.map((stroke) => {
    const first = stroke[0];
    const last = stroke[stroke.length - 1];
    const longest = stroke.reduce((longest, note) =>
      note.end - note.start > longest.end - longest.start ? note : longest,
    );
    const silence = last.volume.at(-1);
    const end = silence?.value === 0 && silence.time > first.start ? silence.time : last.end;
    const frames = Math.round((end - first.start) / FRAME_TICKS);
    return { start: first.start, end, key: kitKeyOf({ pitch: longest.pitch, frames }), volume: peakOf(first) };
  });
}

function peakOf({ volume }: Note): number {
  return volume.reduce((peak, { value }) => Math.max(peak, value), 0);
}

function fallenTo({ volume }: Note): number {
  return volume[volume.length - 1].value;
}
