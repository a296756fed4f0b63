import type { Meter } from '../../song.ts';
import { isCompound } from './meter.ts';

/** The next `left` notes take `factor` times their length. */
export interface Tuplet {
  readonly left: number;
  readonly factor: number;
}

/**
 * How many notes' time the n notes of a tuplet take by section 4.13 of the standard; undefined where the meter decides.
 */
const USUAL_TIME: readonly (number | undefined)[] = [undefined, 1, 3, 2, 3, undefined, 2, undefined, 3, undefined];
/** Above any tuplet that is played. */
const MAX_NOTES = 256;

/**
 * The tuplet `(p:q:r`: p notes in the time of q, for the next r notes.
 *
 * @param q empty for the usual time; above 9, where the standard knows none, the power of two below p
 * @param r empty for p
 * @returns undefined if it would take no time, or a number is above 256
 */
export function tupletOf(p: string, q: string, r: string, meter: Meter): Tuplet | undefined {
  const notes = Number(p);
  const usual = notes > 9 ? 2 ** Math.ceil(Math.log2(notes) - 1) : (USUAL_TIME[notes] ?? (isCompound(meter) ? 3 : 2));
  const time = Number(q) || usual;
  const left = Number(r) || notes;
  const isUsable = notes >= 1 && Math.max(notes, time, left) <= MAX_NOTES;
  return isUsable ? { left, factor: time / notes } : undefined;
}
