import { MAX_BEATS, METER_UNITS, type Meter, meterName, quartersPerBar } from '../../song.ts';
import { ASSUMED_TIMING } from '../reading.ts';
import { withCount } from '../repairs.ts';
import type { MidiEvent, MidiTrack } from './file.ts';

/** The meter of a song, and where its bars lie. */
export interface FileMeter {
  readonly meter: Meter;
  /** Tick of the file at which a bar begins: the last one at or before tick 0. */
  readonly firstBar: number;
}

/** From where a meter is written to where the next one is, in ticks of the file. */
interface Stretch {
  readonly meter: Meter;
  readonly start: number;
  readonly end: number;
  /** How far after tick 0 its bars begin, less than a bar. */
  readonly phase: number;
}

/**
 * The meter that holds longest, with its bars where the file has them longest: after the upbeat where a file begins
 * with one in a bar of its own. The first meter written also holds before it. Reported are changes of meter, as bars
 * are counted in that one meter throughout, and meters that a song cannot have.
 *
 * @param end tick of the last note's end
 */
export function meterOf(
  tracks: readonly MidiTrack[],
  ticksPerQuarter: number,
  end: number,
  repairs: string[],
): FileMeter {
  const barTicks = (meter: Meter) => quartersPerBar(meter) * ticksPerQuarter;
  const stretches = stretchesOf(metersOf(tracks, repairs), end, ticksPerQuarter / 4, barTicks);
  const [first] = stretches;
  if (first === undefined) return { meter: ASSUMED_TIMING.meter, firstBar: 0 };
  const { meter } = longest(stretches, ({ meter }) => meterName(meter));
  const ofMeter = stretches.filter((stretch) => meterName(stretch.meter) === meterName(meter));
  const { phase } = longest(ofMeter, (stretch) => stretch.phase);

  const isInBars = (stretch: Stretch) => meterName(stretch.meter) === meterName(meter) && stretch.phase === phase;
  const isUpbeat = !isInBars(first) && first.end <= barTicks(meter);
  const counted = isUpbeat ? stretches.slice(1) : stretches;
  if (!counted.every(isInBars)) {
    const [before, after] = counted.map((stretch) => meterName(stretch.meter));
    const earlier = stretches.slice(0, stretches.indexOf(counted[1]));
    const bar =
      1 + earlier.reduce((bars, { meter, start, end }) => bars + Math.ceil((end - start) / barTicks(meter)), 0);
    const change =
      before === after ? `a bar of ${after} is cut short before` : `the meter changes from ${before} to ${after} at`;
    const others = counted.length - 2;
    const more = others > 0 ? `, with ${others} more ${others === 1 ? 'change' : 'changes'}` : '';
    repairs.push(`${change} bar ${bar}${more}; bars are counted in ${meterName(meter)}`);
  }
  return { meter, firstBar: phase === 0 ? 0 : phase - barTicks(meter) };
}

type MeterEvent = Extract<MidiEvent, { kind: 'meter' }>;

/** The meters written, in order of time, one a tick. */
function metersOf(tracks: readonly MidiTrack[], repairs: string[]): { readonly tick: number; readonly meter: Meter }[] {
  const events = tracks.flatMap(({ events }) => events.filter((event): event is MeterEvent => event.kind === 'meter'));
  const byTick = new Map<number, Meter>();
  const unusable = new Set<string>();
  for (const { tick, beats, unit } of events) {
    const known = METER_UNITS.find((value) => value === unit);
    if (known === undefined || beats > MAX_BEATS) unusable.add(`${beats}/${unit}`);
    else byTick.set(tick, { beats, unit: known, origin: 'given' });
  }
  const [example] = unusable;
  if (example !== undefined)
    repairs.push(withCount(`left out # unsupported meter(s) such as ${example}`, unusable.size));
  return [...byTick].map(([tick, meter]) => ({ tick, meter })).sort((a, b) => a.tick - b.tick);
}

/** Stretches of one meter without a cut bar; one that begins after the end only where there are no others. */
function stretchesOf(
  meters: readonly { readonly tick: number; readonly meter: Meter }[],
  end: number,
  sixteenth: number,
  barTicks: (meter: Meter) => number,
): Stretch[] {
  const stretches: Stretch[] = [];
  for (const [index, { tick, meter }] of meters.entries()) {
    const start = index === 0 ? 0 : tick;
    if (index > 0 && start >= end) break;
    const until = Math.max(start, Math.min(end, meters[index + 1]?.tick ?? end));
    // A program that writes a meter some ticks late means the beat.
    const phase = (Math.round(tick / sixteenth) * sixteenth) % barTicks(meter);
    const last = stretches.at(-1);
    if (last && meterName(last.meter) === meterName(meter) && last.phase === phase) {
      stretches[stretches.length - 1] = { ...last, end: until };
    } else stretches.push({ meter, start, end: until, phase });
  }
  return stretches;
}

/** The first stretch of the kind that holds longest in all. */
function longest(stretches: readonly Stretch[], kindOf: (stretch: Stretch) => string | number): Stretch {
  const held = new Map<string | number, number>();
  for (const stretch of stretches) {
    held.set(kindOf(stretch), (held.get(kindOf(stretch)) ?? 0) + stretch.end - stretch.start);
  }
  const [kind] = [...held].reduce((best, next) => (next[1] > best[1] ? next : best));
  return stretches.find((stretch) => kindOf(stretch) === kind) ?? stretches[0];
}
