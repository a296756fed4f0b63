import { chunk, END_OF_TRACK, header, type TimedEvent, tempo, timed, trackName } from './midi-bytes.ts';

/** A note in ticks of the file; velocity 1..127. */
export interface FileNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  readonly velocity: number;
}

/** One part of a General MIDI file. */
export interface FilePart {
  readonly name: string;
  /** 0..15 */
  readonly channel: number;
  /** 0..127; undefined where the part says nothing of it. */
  readonly program?: number | undefined;
  readonly notes: readonly FileNote[];
  /** Messages beside program and notes, each with its tick. */
  readonly messages?: readonly TimedEvent[];
}

export const TICKS_PER_QUARTER = 480;

export interface FileOptions {
  /** Quarter notes a minute; default 120. */
  readonly beatsPerMinute?: number;
  /**
   * 0: all parts in one track, whose name is that of the first. Default 1: a track for the tempo and one for each part.
   */
  readonly format?: 0 | 1;
}

/** The bytes of a General MIDI file with 480 ticks a quarter. */
export function generalMidi(
  parts: readonly FilePart[],
  { beatsPerMinute = 120, format = 1 }: FileOptions = {},
): Uint8Array {
  const conductor = tempo(Math.round(60_000_000 / beatsPerMinute));
  const tracks =
    format === 0
      ? [[...trackName(parts[0]?.name ?? ''), ...conductor, ...timed(parts.flatMap(messagesOf))]]
      : [conductor, ...parts.map((part) => [...trackName(part.name), ...timed(messagesOf(part))])];
  return Uint8Array.from([
    ...header(format, tracks.length, TICKS_PER_QUARTER),
    ...tracks.flatMap((events) => chunk('MTrk', [...events, ...END_OF_TRACK])),
  ]);
}

/** Program, then at each tick: note-offs, other messages, note-ons. */
function messagesOf({ channel, program: number, notes, messages = [] }: FilePart): TimedEvent[] {
  return [
    ...(number === undefined ? [] : [program(0, channel, number)]),
    ...notes.map(({ end, pitch }) => ({ tick: end, bytes: [0x80 + channel, pitch, 0] })),
    ...messages,
    ...notes.map(({ start, pitch, velocity }) => ({ tick: start, bytes: [0x90 + channel, pitch, velocity] })),
  ];
}

/** Notes in a row, each a quarter long. */
export function quarters(pitches: readonly number[], velocity = 100, firstQuarter = 0): FileNote[] {
  return pitches.map((pitch, index) => {
    const start = (firstQuarter + index) * TICKS_PER_QUARTER;
    return { start, end: start + TICKS_PER_QUARTER, pitch, velocity };
  });
}

export const control = (tick: number, channel: number, number: number, value: number): TimedEvent => ({
  tick,
  bytes: [0xb0 + channel, number, value],
});

export const program = (tick: number, channel: number, number: number): TimedEvent => ({
  tick,
  bytes: [0xc0 + channel, number],
});

/** @param value -8192..8191 */
export const bend = (tick: number, channel: number, value: number): TimedEvent => ({
  tick,
  bytes: [0xe0 + channel, (value + 8192) & 0x7f, (value + 8192) >> 7],
});
