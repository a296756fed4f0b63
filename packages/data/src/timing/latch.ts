import { type Change, type Note, TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import type { Song } from '../song.ts';

/**
 * Video frames a second of an NTSC NES: the clock of its music routines. Rounded (the chip's own figures give 60.09882,
 * which in 25 minutes is 0.03 frames more); with another last digit datasets would get other bytes.
 */
export const FRAMES_PER_SECOND = 60.0988;
/** Ticks of one video frame, 733.79. Not an integer: frame n begins at tick round(phase + n * FRAME_TICKS). */
export const FRAME_TICKS = TICKS_PER_SECOND / FRAMES_PER_SECOND;

/**
 * Moves every event of a song logged from a NES to the video frame it belongs to, as if the chip's state were read once
 * a frame. A music routine writes its registers within a few hundred microseconds of each frame, one byte after the
 * other, so between two bytes of a pitch a wrong note sounds for some samples; such notes fall into no frame and
 * vanish. What a musician wrote is in frames, and stays.
 *
 * One phase is estimated for the song, the circular mean of its note starts; frames reach half a frame to either side
 * of it.
 */
export function latchToFrames(song: Song): Song {
  const phase = framePhase(song);
  const frameOf = (time: number) => Math.round((time - phase) / FRAME_TICKS);
  const timeOf = (frame: number) => Math.max(0, Math.round(phase + frame * FRAME_TICKS));
  const latch = (notes: readonly Note[]) =>
    notes.flatMap((note) => {
      const start = timeOf(frameOf(note.start));
      const end = timeOf(frameOf(note.end));
      if (end <= start) return [];
      const move = (changes: readonly Change[]) => latchChanges(changes, start, end, (time) => timeOf(frameOf(time)));
      return [{ start, end, pitch: note.pitch, volume: move(note.volume), duty: move(note.duty) }];
    });
  const { pulse1, pulse2, triangle, noise } = song.voices;
  const voices = { pulse1: latch(pulse1), pulse2: latch(pulse2), triangle: latch(triangle), noise: latch(noise) };
  const lastEnd = Math.max(...VOICE_NAMES.map((voice) => voices[voice].at(-1)?.end ?? 0));
  return { ...song, voices, duration: Math.max(song.duration, lastEnd) };
}

/** Of the changes that fall into one frame the last holds; one that repeats the value before it is not a change. */
function latchChanges(
  changes: readonly Change[],
  start: number,
  end: number,
  toFrame: (time: number) => number,
): Change[] {
  const latched: Change[] = [];
  for (const change of changes) {
    const time = Math.max(start, toFrame(change.time));
    if (time >= end) break;
    if (latched.at(-1)?.time === time) latched.pop();
    if (latched.at(-1)?.value !== change.value) latched.push({ time, value: change.value });
  }
  return latched;
}

/** Ticks, 0..FRAME_TICKS, from the start of a frame at which the song's notes start: their circular mean. */
export function framePhase(song: Song): number {
  const { pulse1, pulse2, triangle, noise } = song.voices;
  // Starts of the triangle lie mostly on the chip's own quarter-frame clock, so they count only where pulses are
  // missing.
  const pulses = [...pulse1, ...pulse2];
  const notes = pulses.length > 0 ? pulses : [...triangle, ...noise];
  let cosine = 0;
  let sine = 0;
  for (const { start } of notes) {
    const angle = (2 * Math.PI * start) / FRAME_TICKS;
    cosine += Math.cos(angle);
    sine += Math.sin(angle);
  }
  const mean = Math.atan2(sine, cosine) / (2 * Math.PI);
  return (mean < 0 ? mean + 1 : mean) * FRAME_TICKS;
}
