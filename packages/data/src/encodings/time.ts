import { type Meter, quartersPerBar } from '../song.ts';
import type { Encoding } from './encoding.ts';

/** Far less than any encoding's shortest time, in bars: what sums of times may be off by. */
export const TIME_TOLERANCE = 1e-6;

/** Time that passes with events, in bars of 4/4; see `Encoding.barsOf`. */
export function barsOfEvents(events: ArrayLike<number>, encoding: Pick<Encoding, 'barsOf'>): number {
  let bars = 0;
  for (let index = 0; index < events.length; index++) {
    bars += encoding.barsOf(events[index], index === 0 ? undefined : events[index - 1]);
  }
  return bars;
}

/** The events with which so many bars of 4/4 pass, all if there are fewer. */
export function firstBars(events: Uint16Array, encoding: Pick<Encoding, 'barsOf'>, bars: number): Uint16Array {
  let passed = 0;
  for (let index = 0; index < events.length; index++) {
    if (passed >= bars - TIME_TOLERANCE) return events.subarray(0, index);
    passed += encoding.barsOf(events[index], index === 0 ? undefined : events[index - 1]);
  }
  return events;
}

/**
 * Bars of a meter, in bars as `Encoding.barsOf` counts them for music of a tempo.
 *
 * @param beatsPerMinute quarter notes a minute
 */
export function barsAtTypicalTempo(
  bars: number,
  { typicalTempo }: Pick<Encoding, 'typicalTempo'>,
  meter: Pick<Meter, 'beats' | 'unit'>,
  beatsPerMinute: number,
): number {
  const wholeNotes = (bars * quartersPerBar(meter)) / 4;
  return typicalTempo === undefined ? wholeNotes : (wholeNotes * typicalTempo) / beatsPerMinute;
}
