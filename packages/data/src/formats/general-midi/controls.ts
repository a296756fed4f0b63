import type { Change } from '@chipsmith/apu';
import type { MidiEvent, MidiTrack } from '../midi/file.ts';

/** What holds on a channel until something else is said: the values of General MIDI level 1. Bends are in semitones. */
const DEFAULTS = { program: 0, bank: 0, volume: 100, expression: 127, pedal: 0, bend: 0 } as const;
export type ControlName = keyof typeof DEFAULTS;

type Changes = Readonly<Record<ControlName, Change[]>>;

/** Controllers by their numbers (MIDI 1.0). */
const BANK = 0;
const DATA_ENTRY = 6;
const VOLUME = 7;
const EXPRESSION = 11;
const DATA_ENTRY_CENTS = 38;
const PEDAL = 64;
const UNREGISTERED = [98, 99];
const PARAMETER_FINE = 100;
const PARAMETER_COARSE = 101;
const ALL_SOUND_OFF = 120;
const RESET = 121;

/**
 * Semitones that a bend reaches unless registered parameter 0 says otherwise, and the most that it can sensibly say.
 */
const BEND_RANGE = 2;
const WIDEST_BEND_RANGE = 24;

/** Program, bank, volume, expression, pedal and bend of a track's channel over time, in song ticks. */
export class Controls {
  readonly #changes: Changes;

  constructor(changes: Changes) {
    this.#changes = changes;
  }

  /** The value that holds at `time`. */
  at(name: ControlName, time: number): number {
    return this.#changes[name][this.#after(name, time) - 1]?.value ?? DEFAULTS[name];
  }

  /** The changes between two times, both excluded. */
  within(name: ControlName, start: number, end: number): readonly Change[] {
    const changes = this.#changes[name];
    let last = this.#after(name, start);
    const first = last;
    while (last < changes.length && changes[last].time < end) last++;
    return changes.slice(first, last);
  }

  /** When a pedal that is down at `time` comes up; undefined if it stays down. */
  pedalUp(time: number): number | undefined {
    const changes = this.#changes.pedal;
    for (let index = this.#after('pedal', time); index < changes.length; index++) {
      if (changes[index].value < PEDAL_DOWN) return changes[index].time;
    }
    return undefined;
  }

  /** Index of the first change after `time`. */
  #after(name: ControlName, time: number): number {
    const changes = this.#changes[name];
    let low = 0;
    let high = changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (changes[middle].time <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A pedal is down from this value on. */
export const PEDAL_DOWN = 64;

/**
 * The controls of each track's channels. A channel belongs to the whole file, so that one track may set it up for
 * another; but files whose tracks share a channel mean their own settings. So each control follows what its own track
 * says, and only where that says nothing of it, what the others say.
 */
export function readControls(
  tracks: readonly MidiTrack[],
  toSongTicks: (tick: number) => number,
): (track: number, channel: number) => Controls {
  const channels = Array.from({ length: 16 }, (): TrackEvent[] => []);
  for (const [track, { events }] of tracks.entries()) {
    for (const event of events) {
      if (event.kind === 'control' || event.kind === 'program' || event.kind === 'bend') {
        channels[event.channel].push({ track, event });
      }
    }
  }
  const followed = channels.map((events) => follow(events, toSongTicks));
  const known = new Map<number, Controls>();
  return (track, channel) => {
    const key = track * 16 + channel;
    const { shared, own } = followed[channel];
    const mine = own.get(track);
    const pick = (name: ControlName) => (mine && mine[name].length > 0 ? mine[name] : shared[name]);
    const controls =
      known.get(key) ??
      new Controls({
        program: pick('program'),
        bank: pick('bank'),
        volume: pick('volume'),
        expression: pick('expression'),
        pedal: pick('pedal'),
        bend: pick('bend'),
      });
    known.set(key, controls);
    return controls;
  };
}

interface TrackEvent {
  readonly track: number;
  readonly event: Extract<MidiEvent, { kind: 'control' | 'program' | 'bend' }>;
}

/** What is said of a channel, by whichever track and by each of them. */
interface Followed {
  readonly shared: Changes;
  readonly own: ReadonlyMap<number, Changes>;
}

const noChanges = (): Changes => ({ program: [], bank: [], volume: [], expression: [], pedal: [], bend: [] });

/** Goes through the events of a channel in order, with the bend range that registered parameter 0 sets on the way. */
function follow(events: readonly TrackEvent[], toSongTicks: (tick: number) => number): Followed {
  const shared = noChanges();
  const own = new Map<number, Changes>();
  let parameter: { coarse?: number; fine?: number } = {};
  let range: { semitones: number; cents: number } = { semitones: BEND_RANGE, cents: 0 };
  let wheel = 0;
  for (const { track, event } of events.toSorted((a, b) => a.event.tick - b.event.tick)) {
    const time = toSongTicks(event.tick);
    const mine = own.get(track) ?? noChanges();
    own.set(track, mine);
    const set = (name: ControlName, value: number) => {
      for (const changes of [shared[name], mine[name]]) {
        if (changes.at(-1)?.time === time) changes.pop();
        changes.push({ time, value });
      }
    };
    const bend = () => set('bend', wheel * Math.min(WIDEST_BEND_RANGE, range.semitones + range.cents / 100));
    if (event.kind === 'program') set('program', event.program);
    else if (event.kind === 'bend') {
      wheel = event.value / 8192;
      bend();
    } else {
      const { control, value } = event;
      const isBendRange = parameter.coarse === 0 && parameter.fine === 0;
      if (control === BANK) set('bank', value);
      else if (control === VOLUME) set('volume', value);
      else if (control === EXPRESSION) set('expression', value);
      else if (control === PEDAL) set('pedal', value);
      // Notes held by the pedal end too, as if it were released.
      else if (control === ALL_SOUND_OFF) set('pedal', DEFAULTS.pedal);
      else if (control === PARAMETER_COARSE) parameter = { ...parameter, coarse: value };
      else if (control === PARAMETER_FINE) parameter = { ...parameter, fine: value };
      else if (UNREGISTERED.includes(control)) parameter = {};
      else if (control === DATA_ENTRY && isBendRange) {
        range = { semitones: value, cents: 0 };
        if (wheel !== 0) bend();
      } else if (control === DATA_ENTRY_CENTS && isBendRange) {
        range = { ...range, cents: value };
        if (wheel !== 0) bend();
      } else if (control === RESET) {
        wheel = 0;
        parameter = {};
        set('expression', DEFAULTS.expression);
        set('pedal', DEFAULTS.pedal);
        bend();
      }
    }
  }
  return { shared, own };
}
