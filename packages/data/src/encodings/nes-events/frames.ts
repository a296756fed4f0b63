import { type Change, type Note, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import type { Song } from '../../song.ts';
import { FRAME_TICKS, framePhase } from '../../timing/latch.ts';
import { clockedFrameNotes, clockedNotes } from './clocked-triangle.ts';
import type { FrameNote } from './frame-note.ts';
import { type QuarterClock, quarterClockOf } from './quarter-clock.ts';

/** A song in video frames: frame n begins at tick phase + n * FRAME_TICKS. */
export interface FrameSong {
  /** Ticks, within half a frame of 0. */
  readonly phase: number;
  readonly frames: number;
  /** What the triangle's silences follow; undefined where that is the frames. */
  readonly clock?: QuarterClock | undefined;
  readonly voices: Readonly<Record<VoiceName, readonly FrameNote[]>>;
}

/** The song as its state is in each frame: what begins and ends between two frames is not heard. */
export function framesOf(song: Song): FrameSong {
  const positive = framePhase(song);
  const phase = positive > FRAME_TICKS / 2 ? positive - FRAME_TICKS : positive;
  const frameOf = (tick: number) => Math.round((tick - phase) / FRAME_TICKS);
  const [pulse1, pulse2, triangle, noise] = VOICE_NAMES.map((voice) =>
    song.voices[voice].flatMap((note) => frameNotes(note, frameOf)),
  );
  const clock = quarterClockOf(song.voices.triangle);
  const voices = {
    pulse1,
    pulse2,
    triangle: clock ? clockedFrameNotes(song.voices.triangle, clock, frameOf) : triangle,
    noise,
  };
  return { phase, frames: frameOf(song.duration), clock, voices };
}

function frameNotes({ start, end, pitch, volume, duty }: Note, frameOf: (tick: number) => number): FrameNote[] {
  const first = frameOf(start);
  const length = frameOf(end) - first;
  const volumes = valuesOf(volume, first, length, frameOf);
  const duties = valuesOf(duty, first, length, frameOf);
  if (length > 0 && !volumes.includes(0)) return [{ start: first, pitch, volumes, duties }];
  const notes: FrameNote[] = [];
  for (let from = 0; from < length; from++) {
    if (volumes[from] === 0) continue;
    const silence = volumes.indexOf(0, from);
    const to = silence === -1 ? length : silence;
    notes.push({ start: first + from, pitch, volumes: volumes.slice(from, to), duties: duties.slice(from, to) });
    from = to;
  }
  return notes;
}

/** The value in each frame; of the changes that fall into one frame the last holds. */
function valuesOf(
  changes: readonly Change[],
  first: number,
  length: number,
  frameOf: (tick: number) => number,
): number[] {
  const values: number[] = [];
  for (let index = 0; index < changes.length; index++) {
    const next = changes[index + 1];
    const to = next ? Math.min(length, frameOf(next.time) - first) : length;
    while (values.length < to) values.push(changes[index].value);
  }
  return values;
}

/** The notes of a voice in ticks; of a triangle, with its clock if it has one. */
export function notesOf(notes: readonly FrameNote[], phase: number, clock?: QuarterClock): Note[] {
  const tickOf = (frame: number) => Math.max(0, Math.round(phase + frame * FRAME_TICKS));
  if (clock) return clockedNotes(notes, clock, tickOf);
  return notes.map(({ start, pitch, volumes, duties }) => ({
    start: tickOf(start),
    end: tickOf(start + volumes.length),
    pitch,
    volume: changesOf(volumes, start, tickOf),
    duty: changesOf(duties, start, tickOf),
  }));
}

function changesOf(values: readonly number[], start: number, tickOf: (frame: number) => number): Change[] {
  const changes: Change[] = [];
  for (let frame = 0; frame < values.length; frame++) {
    if (values[frame] !== values[frame - 1]) changes.push({ time: tickOf(start + frame), value: values[frame] });
  }
  return changes;
}
