import { type Melody, NO_EVENT, NOTE_OFF } from '../melody/alphabet.ts';
import { STEPS_PER_BAR } from '../melody/extract.ts';

/** First steps of the windows of `bars` bars in a piece of `steps` steps, one a bar; its last bar may be incomplete. */
export function windowStarts(steps: number, bars: number): number[] {
  const count = Math.ceil(steps / STEPS_PER_BAR) - bars + 1;
  return Array.from({ length: Math.max(0, count) }, (_, bar) => bar * STEPS_PER_BAR);
}

/**
 * Part of a melody, filled up with rest beyond its end. A note that started before is not in it: what is left of it,
 * and the note-off before the first note, become no event, as in note_seq.
 */
export function sliceMelody(melody: Melody, start: number, bars: number): Melody {
  const end = start + bars * STEPS_PER_BAR;
  const slice = melody.slice(start, end);
  const sounds = (slice.findLast((event) => event !== NO_EVENT) ?? NOTE_OFF) >= 0;
  if (sounds && melody.length < end) slice.push(NOTE_OFF);
  while (slice.length < bars * STEPS_PER_BAR) slice.push(NO_EVENT);
  const firstNote = slice.findIndex((event) => event >= 0);
  const silence = firstNote < 0 ? slice.length : firstNote;
  return slice.fill(NO_EVENT, 0, silence);
}

/** Whether a note starts in the first bar, and one sounds in the last. */
export function isFilled(melodies: readonly Melody[]): boolean {
  const starts = melodies.some((melody) => melody.slice(0, STEPS_PER_BAR).some((event) => event >= 0));
  return starts && melodies.some(soundsInLastBar);
}

function soundsInLastBar(melody: Melody): boolean {
  const lastBar = melody.length - STEPS_PER_BAR;
  const before = melody.slice(0, lastBar).findLast((event) => event !== NO_EVENT) ?? NOTE_OFF;
  const inBar = melody.slice(lastBar);
  if (inBar.some((event) => event >= 0)) return true;
  return before >= 0 && inBar[0] !== NOTE_OFF;
}
