import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import type { Song } from '../song.ts';
import { FRAME_TICKS } from './latch.ts';

/** Only the first minutes are looked at: enough for any tempo, and the cost of one 25-minute song stays small. */
const MAX_FRAMES = 4 * 60 * 60;

/** Where a note starts. */
export interface Start {
  readonly voice: VoiceName;
  /** Frames from the song's first note, an integer. */
  readonly frame: number;
  /** Frames to the next start of the voice; of its last note, to the end. */
  readonly length: number;
}

/** Something that happens at a frame, and how much it counts. */
export interface Onset {
  readonly frame: number;
  readonly weight: number;
}

/** Tick of the first note of all voices; 0 for a song without notes. */
export function firstStart(song: Song): number {
  const starts = VOICE_NAMES.flatMap((voice) => song.voices[voice][0]?.start ?? []);
  return starts.length > 0 ? Math.min(...starts) : 0;
}

/** Where the notes of all voices start, voice by voice. */
export function startsOf(song: Song): Start[] {
  const first = firstStart(song);
  const starts: Start[] = [];
  for (const voice of VOICE_NAMES) {
    const notes = song.voices[voice];
    for (const [index, { start, end }] of notes.entries()) {
      const frame = Math.round((start - first) / FRAME_TICKS);
      if (frame > MAX_FRAMES) break;
      starts.push({ voice, frame, length: ((notes[index + 1]?.start ?? end) - start) / FRAME_TICKS });
    }
  }
  return starts;
}

/** How strongly onsets gather at one place of a period, 0..1, and that place; both in frames. */
export function gathering(
  onsets: readonly Onset[],
  period: number,
): { readonly strength: number; readonly phase: number } {
  let cosine = 0;
  let sine = 0;
  let total = 0;
  for (const { frame, weight } of onsets) {
    const angle = (2 * Math.PI * frame) / period;
    cosine += weight * Math.cos(angle);
    sine += weight * Math.sin(angle);
    total += weight;
  }
  const strength = total > 0 ? Math.hypot(cosine, sine) / total : 0;
  return { strength, phase: (Math.atan2(sine, cosine) / (2 * Math.PI)) * period };
}
