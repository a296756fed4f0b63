import type { Span } from '../grid/song.ts';
import { type Melody, NO_EVENT, NOTE_OFF } from './alphabet.ts';

/** The notes of a melody; the last one ends with it. */
export function melodySpans(melody: Melody): Span[] {
  const spans: Span[] = [];
  let open: { start: number; pitch: number } | undefined;
  for (let step = 0; step <= melody.length; step++) {
    const event = melody[step] ?? NOTE_OFF;
    if (event === NO_EVENT) continue;
    if (open) spans.push({ ...open, end: step });
    open = event === NOTE_OFF ? undefined : { start: step, pitch: event };
  }
  return spans;
}

/** The events of notes that do not overlap, over `steps` steps. */
export function melodyOfSpans(spans: readonly Span[], steps: number): Melody {
  const melody: Melody = new Array(steps).fill(NO_EVENT);
  for (const { end } of spans) if (end < steps) melody[end] = NOTE_OFF;
  for (const { start, pitch } of spans) melody[start] = pitch;
  return melody;
}
