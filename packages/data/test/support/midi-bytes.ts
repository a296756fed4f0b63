/** The pieces of MIDI files that tests are made of. Times are delta ticks below 128 unless made with `delta`. */
export const text = (value: string): number[] => [...new TextEncoder().encode(value)];

const uint32 = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >> shift) & 0xff);
const uint16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];

export const chunk = (type: string, body: readonly number[]): number[] => [
  ...text(type),
  ...uint32(body.length),
  ...body,
];

export const header = (format: number, tracks: number, division: number): number[] =>
  chunk('MThd', [...uint16(format), ...uint16(tracks), ...uint16(division)]);

export const END_OF_TRACK = [0, 0xff, 0x2f, 0];

export const trackName = (name: string): number[] => [0, 0xff, 0x03, name.length, ...text(name)];

/** A tempo event: 500,000 microseconds a quarter is 120 bpm. */
export const tempo = (microseconds: number): number[] => [0, 0xff, 0x51, 3, ...uint32(microseconds).slice(1)];

/** A format 0 file of one track. At the default division and tempo a tick is 22.05 song ticks (44100 / 2 / 1000). */
export const singleTrack = (events: readonly number[], division = 1000): Uint8Array =>
  Uint8Array.from([...header(0, 1, division), ...chunk('MTrk', [...events, ...END_OF_TRACK])]);

/** A wait of any length as a variable-length number. */
export const delta = (ticks: number): number[] => {
  const bytes = [ticks & 0x7f];
  for (let rest = ticks >> 7; rest > 0; rest >>= 7) bytes.unshift((rest & 0x7f) | 0x80);
  return bytes;
};

/** An event and when it falls. */
export interface TimedEvent {
  readonly tick: number;
  /** Without its wait. */
  readonly bytes: readonly number[];
}

/** Events with their waits, in order of time and on one tick in the order given. */
export function timed(events: readonly TimedEvent[]): number[] {
  let now = 0;
  return events
    .toSorted((a, b) => a.tick - b.tick)
    .flatMap(({ tick, bytes }) => {
      const wait = delta(tick - now);
      now = tick;
      return [...wait, ...bytes];
    });
}
