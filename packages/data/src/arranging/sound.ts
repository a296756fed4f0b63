import type { Change, Note } from '@chipsmith/apu';
import { FRAME_TICKS } from '../timing/latch.ts';
import type { Played, Struck } from './backing.ts';
import type { FrameValues, Timbre } from './styles.ts';

/** Notes at least this many frames long end a frame early where the same pitch follows, so that it is heard again. */
const SPLIT_FRAMES = 4;

interface Drum {
  /** 16 - period index of the noise: higher is brighter. */
  readonly pitch: number;
  readonly volume: FrameValues;
  /** Frames after which it is silent. */
  readonly frames: number;
}

const DRUMS: Readonly<Record<string, Drum>> = {
  K: {
    pitch: 2,
    volume: [
      [0, 13],
      [1, 10],
      [2, 6],
      [4, 3],
    ],
    frames: 6,
  },
  S: {
    pitch: 9,
    volume: [
      [0, 11],
      [1, 9],
      [3, 6],
      [5, 3],
      [7, 1],
    ],
    frames: 9,
  },
  h: {
    pitch: 15,
    volume: [
      [0, 4],
      [1, 2],
      [2, 1],
    ],
    frames: 3,
  },
  o: {
    pitch: 14,
    volume: [
      [0, 5],
      [3, 4],
      [6, 2],
      [10, 1],
    ],
    frames: 14,
  },
};

/** Ticks of a unit of the ground; never falling, integers within the song. */
export type TickOf = (unit: number) => number;

/** A pulse's note with the loudness and duty of a timbre, cut to the note. */
export function pulseNote({ start, end, pitch }: Played, { volume, duty }: Timbre): Note {
  return { start, end, pitch, volume: changesOf(volume, start, end), duty: changesOf(duty, start, end) };
}

/** A triangle's note: always at full volume. */
export function triangleNote({ start, end, pitch }: Played): Note {
  return { start, end, pitch, volume: [{ time: start, value: 15 }], duty: [{ time: start, value: 0 }] };
}

/** Moves notes from units to ticks. Those too short for a tick are left out. */
export function inTicks(notes: readonly Played[], tickOf: TickOf): Played[] {
  const timed = notes
    .map(({ start, end, pitch }) => ({ start: tickOf(start), end: tickOf(end), pitch }))
    .filter(({ start, end }) => end > start);
  return timed.map((note, index) => {
    const next = timed[index + 1];
    const isRepeated = next !== undefined && next.start === note.end && next.pitch === note.pitch;
    const isLong = note.end - note.start >= SPLIT_FRAMES * FRAME_TICKS;
    return isRepeated && isLong ? { ...note, end: note.end - Math.round(FRAME_TICKS) } : note;
  });
}

/** The noise's notes. A drum sounds until it has died away, until the next one, or until the song ends. */
export function drumNotes(drums: readonly Struck[], tickOf: TickOf, duration: number): Note[] {
  return drums.flatMap(({ start: unit, letter }, index): Note[] => {
    const { pitch, volume, frames } = DRUMS[letter];
    const start = tickOf(unit);
    const next = index + 1 < drums.length ? tickOf(drums[index + 1].start) : duration;
    const end = Math.min(next, start + Math.round(frames * FRAME_TICKS));
    if (end <= start) return [];
    return [{ start, end, pitch, volume: changesOf(volume, start, end), duty: [{ time: start, value: 0 }] }];
  });
}

function changesOf(values: FrameValues, start: number, end: number): Change[] {
  return values
    .map(([frame, value]) => ({ time: start + Math.round(frame * FRAME_TICKS), value }))
    .filter(({ time }) => time < end);
}
