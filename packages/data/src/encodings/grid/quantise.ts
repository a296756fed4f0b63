import type { Meter, Song } from '../../song.ts';
import { tempoMapOf } from '../../timing/tempo-map.ts';

/** What of a note the grid keeps; volume is the loudest of its curve, 0..15. */
export interface PlainNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  readonly volume: number;
}

/** A grid in a song's tempo: where a time (ticks) lies on it, in steps from the first beat. */
export interface Grid {
  position(time: number): number;
}

/** The grid of a song with so many steps in a quarter note: 4 are 16th notes. */
export function gridOf({ tempo }: Pick<Song, 'tempo'>, stepsPerQuarter = 4): Grid {
  const { beatAt } = tempoMapOf(tempo);
  return { position: (time) => beatAt(time) * stepsPerQuarter };
}

/** A note on the grid. */
export interface StepNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  /** The loudest, 0..15, of the notes that start in its step. */
  readonly volume: number;
  /** More than one note of the voice starts in this step. */
  readonly crowded: boolean;
  /** No silence before the first note of this step. */
  readonly legato: boolean;
}

/** What of a note is rounded to steps: where it starts and ends, or where it starts and how long it is. */
export type Rounding = 'ends' | 'lengths';

/**
 * At most one note a step: of those that start in it, the pitch that sounds longest, of equals the highest. A note ends
 * where the next one starts, if not before.
 */
export function quantise(notes: readonly PlainNote[], grid: Grid, rounding: Rounding = 'ends'): StepNote[] {
  const stepOf = (time: number) => roundToStep(grid.position(time));
  const quantised: StepNote[] = [];
  for (let index = 0; index < notes.length; ) {
    const start = stepOf(notes[index].start);
    const first = index;
    const sounding = new Map<number, number>();
    let volume = 0;
    for (; index < notes.length && stepOf(notes[index].start) === start; index++) {
      const { pitch, start: from, end: to } = notes[index];
      volume = Math.max(volume, notes[index].volume);
      sounding.set(pitch, (sounding.get(pitch) ?? 0) + to - from);
    }
    const [pitch] = [...sounding].reduce((best, next) =>
      next[1] > best[1] || (next[1] === best[1] && next[0] > best[0]) ? next : best,
    );
    const [from, to] = [notes[first].start, notes[index - 1].end];
    const length = rounding === 'lengths' ? roundToStep(grid.position(to) - grid.position(from)) : stepOf(to) - start;
    // A note shorter than half a step still takes one.
    const end = start + Math.max(1, length);
    const crowded = index - first > 1;
    const legato = first > 0 && notes[first - 1].end === notes[first].start;
    const previous = quantised.at(-1);
    if (previous && previous.end > start) quantised[quantised.length - 1] = { ...previous, end: start };
    quantised.push({ start, end, pitch, volume, crowded, legato });
  }
  return quantised;
}

/** The nearest step, of two the later. */
export function roundToStep(position: number): number {
  return Math.floor(position + 0.5);
}

/** Steps of a bar. */
export function barSteps({ beats, unit }: Pick<Meter, 'beats' | 'unit'>, stepsPerWhole: number): number {
  return Math.max(1, Math.round((beats * stepsPerWhole) / unit));
}

/** The meter of bars of so many 16ths: 12 are 3/4, 24 are 6/4. Undefined of a sequence that has no bars. */
export function meterOfBar(sixteenths: number | undefined): Pick<Meter, 'beats' | 'unit'> | undefined {
  if (sixteenths === undefined) return undefined;
  if (sixteenths % 4 === 0) return { beats: sixteenths / 4, unit: 4 };
  return sixteenths % 2 === 0 ? { beats: sixteenths / 2, unit: 8 } : { beats: sixteenths, unit: 16 };
}

/** The first step of the bar that `step` lies in. */
export function barStart(step: number, meter: Meter, stepsPerWhole: number): number {
  return step - modulo(step, barSteps(meter, stepsPerWhole));
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
