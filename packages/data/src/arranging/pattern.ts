import type { Beats } from './beats.ts';

/** A letter of a pattern that begins something, and how long it sounds, in units. */
export interface Stroke {
  readonly letter: string;
  readonly start: number;
  readonly length: number;
}

/** Lays a pattern (see Style) over one bar that starts at `barStart`; its last stroke ends with the bar. */
export function strokesOf(pattern: string, barStart: number, beats: Beats): Stroke[] {
  const groups = pattern.split(' ');
  const strokes: Stroke[] = [];
  for (let beat = 0; beat < beats.count; beat++) {
    const group = groups[beat % groups.length];
    const part = beats.length / group.length;
    for (const [index, letter] of [...group].entries()) {
      const previous = strokes.at(-1);
      if (letter === '-' && previous) strokes[strokes.length - 1] = { ...previous, length: previous.length + part };
      else strokes.push({ letter, start: barStart + beat * beats.length + index * part, length: part });
    }
  }
  return strokes.filter(({ letter }) => letter !== '.' && letter !== '-');
}
