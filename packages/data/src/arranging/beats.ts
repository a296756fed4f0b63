import { barLength, type Tune, UNITS_PER_QUARTER } from '../tunes/tune.ts';

/** How a meter is felt: beats in a bar, and whether a beat falls into two halves or into three thirds. */
export interface Beats {
  readonly count: number;
  /** Units. */
  readonly length: number;
  readonly division: 2 | 3;
}

/**
 * The beats of a meter: eighths in sixes, nines and twelves go by threes (6/8 has two beats); else each count is a
 * beat.
 */
export function beatsOf(meter: Tune['meter']): Beats {
  const isCompound = meter.unit >= 8 && meter.beats >= 6 && meter.beats % 3 === 0;
  const count = isCompound ? meter.beats / 3 : meter.beats;
  return { count, length: barLength(meter) / count, division: isCompound ? 3 : 2 };
}

/**
 * Length in units of the stretches that may have a chord of their own: half bars where the bar splits evenly, else
 * bars.
 */
export function harmonicRhythm(meter: Tune['meter']): number {
  const { count, length } = beatsOf(meter);
  const bar = count * length;
  return count % 2 === 0 && bar >= 3 * UNITS_PER_QUARTER ? bar / 2 : bar;
}
