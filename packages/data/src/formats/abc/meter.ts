import { MAX_BEATS, METER_UNITS, type Meter } from '../../song.ts';

/** Of a tune without `M:`, and of one in free meter. */
export const NO_METER: Meter = { beats: 4, unit: 4, origin: 'assumed' };

/**
 * The meter of an `M:` field: `6/8`, `(2+3+2)/8`, `C`, `C|`; `none` is not a meter.
 *
 * @returns undefined if the field tells none that a song may have
 */
export function meterOf(field: string): Meter | undefined {
  if (/^(none|free)?$/i.test(field)) return NO_METER;
  if (/^C$/i.test(field)) return { beats: 4, unit: 4, origin: 'given' };
  if (/^C\|$/i.test(field)) return { beats: 2, unit: 2, origin: 'given' };
  const [, sum, below] = /^\(?(\d+(?:\s*\+\s*\d+)*)\)?\s*\/\s*(\d+)/.exec(field) ?? [];
  const beats = (sum ?? '').split('+').reduce((total, part) => total + Number(part), 0);
  const unit = METER_UNITS.find((one) => one === Number(below));
  return unit !== undefined && beats >= 1 && beats <= MAX_BEATS ? { beats, unit, origin: 'given' } : undefined;
}

/** Whether beats are divided in three, as in 6/8, 9/8 and 12/8. */
export function isCompound({ beats }: Meter): boolean {
  return beats > 3 && beats % 3 === 0;
}
