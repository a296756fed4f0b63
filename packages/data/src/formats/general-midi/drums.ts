import type { Change, Note } from '@chipsmith/apu';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { levelsOf } from './level.ts';
import type { PlayedNote } from './parts.ts';
import { volumeStep } from './sound.ts';

/** How a kit piece sounds on the noise channel: brightness 1..16 and length in video frames. */
export interface Hit {
  readonly pitch: number;
  readonly frames: number;
}

/** Keys of toms, whose pitches on the noise rise from 4. */
const TOMS = [41, 43, 45, 47, 48, 50];

/** General MIDI level 1 percussion keys; keys not listed sound like a snare. */
const HITS: ReadonlyMap<number, Hit> = new Map<number, Hit>([
  ...[35, 36].map((key): [number, Hit] => [key, { pitch: 3, frames: 5 }]), // bass drums
  ...TOMS.map((key, index): [number, Hit] => [key, { pitch: 4 + index, frames: 6 }]), // toms
  ...[42, 44, 54, 69, 70, 75, 76, 77, 80].map((key): [number, Hit] => [key, { pitch: 15, frames: 2 }]), // closed hats, shakers, wood
  ...[46, 51, 53, 59].map((key): [number, Hit] => [key, { pitch: 14, frames: 8 }]), // open hat, ride
  ...[49, 52, 55, 57].map((key): [number, Hit] => [key, { pitch: 12, frames: 20 }]), // crashes
]);
const SNARE: Hit = { pitch: 10, frames: 6 };

/** The piece of the kit that a stroke of noise is like, as HITS and this package's own arranger have them. */
export function kitKeyOf({ pitch, frames }: Hit): number {
  if (pitch <= 3) return 36;
  if (pitch <= 8) return TOMS[pitch - 4];
  if (pitch <= 11) return 38;
  if (frames > 16) return 49;
  return frames > 5 ? 46 : 42;
}

/**
 * The noise's notes: a short hit for each piece of the kit, whatever length is written. Of pieces struck within one
 * video frame the lowest key is heard: bass drum before snare before cymbals.
 *
 * @param struck in order of their starts
 * @param levelOf how loud a hit is, 0..1
 */
export function drumHits(
  struck: readonly PlayedNote[],
  levelOf = (note: PlayedNote): number => levelsOf(note, note.start, note.start + 1)[0].value,
): { notes: Note[]; left: number } {
  const heard: PlayedNote[] = [];
  let since = Number.NEGATIVE_INFINITY;
  for (const note of struck) {
    const last = heard.at(-1);
    if (last === undefined || note.start - since >= FRAME_TICKS) {
      since = note.start;
      heard.push(note);
    } else if (note.pitch < last.pitch) heard[heard.length - 1] = note;
  }
  const notes = heard.map((note, index): Note => {
    const { pitch, frames } = HITS.get(note.pitch) ?? SNARE;
    const next = heard[index + 1]?.start ?? Number.POSITIVE_INFINITY;
    const end = Math.min(note.start + Math.round(frames * FRAME_TICKS), next);
    return {
      start: note.start,
      end,
      pitch,
      volume: fall(note.start, end, frames, levelOf(note)),
      duty: [{ time: note.start, value: 0 }],
    };
  });
  return { notes, left: struck.length - heard.length };
}

/** A straight fall to silence over the length of the hit, one step a frame. */
function fall(start: number, end: number, frames: number, level: number): Change[] {
  const changes: Change[] = [];
  for (let frame = 0; frame < frames; frame++) {
    const time = start + Math.round(frame * FRAME_TICKS);
    const value = volumeStep(level, 1 - frame / frames);
    if (time < end && changes.at(-1)?.value !== value) changes.push({ time, value });
  }
  return changes;
}
