import { TICKS_PER_SECOND } from '@chipsmith/apu';
import type { Tempo, TempoChange } from '../song.ts';

/**
 * Where the beats of a song lie in time, through all its changes of tempo. Times in ticks, beats in quarter notes from
 * the first beat.
 */
export interface TempoMap {
  beatAt(time: number): number;
  /** Not rounded. */
  timeAt(beat: number): number;
}

/** From a time, and the beat that falls on it, to the next such stretch. */
interface Stretch {
  readonly time: number;
  readonly beat: number;
  readonly ticksPerBeat: number;
}

/** The map of a tempo: linear from each change to the next, and backwards from the first. */
export function tempoMapOf({
  beatsPerMinute,
  firstBeat,
  changes = [],
}: Omit<Tempo, 'origin' | 'confidence'>): TempoMap {
  const stretches: Stretch[] = [{ time: firstBeat, beat: 0, ticksPerBeat: ticksPerQuarter(beatsPerMinute) }];
  for (const change of changes) {
    const { time, beat, ticksPerBeat } = stretches[stretches.length - 1];
    const next = { time: change.time, beat: beat + (change.time - time) / ticksPerBeat };
    stretches.push({ ...next, ticksPerBeat: ticksPerQuarter(change.beatsPerMinute) });
  }
  return {
    beatAt(at) {
      const { time, beat, ticksPerBeat } = lastUpTo(stretches, 'time', at);
      return beat + (at - time) / ticksPerBeat;
    },
    timeAt(at) {
      const { time, beat, ticksPerBeat } = lastUpTo(stretches, 'beat', at);
      return time + (at - beat) * ticksPerBeat;
    },
  };
}

/** Ticks of a quarter note; not an integer. */
export function ticksPerQuarter(beatsPerMinute: number): number {
  return (TICKS_PER_SECOND * 60) / beatsPerMinute;
}

/** The tempo that holds longest from tick 0 to the end of a song: what it is called by where only one number fits. */
export function prevailingTempo({ beatsPerMinute, changes = [] }: Tempo, duration: number): number {
  const ticks = new Map<number, number>();
  const all: readonly TempoChange[] = [{ time: 0, beatsPerMinute }, ...changes];
  for (const [index, change] of all.entries()) {
    const until = Math.min(duration, all[index + 1]?.time ?? duration);
    const held = Math.max(0, until - Math.max(0, change.time));
    ticks.set(change.beatsPerMinute, (ticks.get(change.beatsPerMinute) ?? 0) + held);
  }
  return [...ticks].reduce((longest, next) => (next[1] > longest[1] ? next : longest))[0];
}

/** The last stretch whose `field` is not above a value, by bisection; the first one where none is. */
function lastUpTo(stretches: readonly Stretch[], field: 'time' | 'beat', value: number): Stretch {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (stretches[middle][field] <= value) low = middle;
    else high = middle - 1;
  }
  return stretches[low];
}
