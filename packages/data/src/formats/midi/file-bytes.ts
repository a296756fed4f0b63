/** The bytes of an event, and when it falls. */
export interface TimedBytes {
  readonly tick: number;
  readonly bytes: readonly number[];
}

/**
 * A format 1 file of finished track chunks. The bytes are written here because @tonejs/midi 2.0.28 copies the whole
 * file for each event: 2 s for a song of 40 KB.
 */
export function midiFile(ticksPerQuarter: number, tracks: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([
    ...text('MThd'),
    ...bigEndian(6, 4),
    ...bigEndian(1, 2),
    ...bigEndian(tracks.length, 2),
    ...bigEndian(ticksPerQuarter, 2),
    ...tracks.flat(),
  ]);
}

/** A track chunk of events in rising order; it ends at `end` if that is later than the last event. */
export function trackChunk(events: readonly TimedBytes[], end = 0): number[] {
  const body: number[] = [];
  let now = 0;
  for (const { tick, bytes } of events) {
    body.push(...variableLength(tick - now), ...bytes);
    now = tick;
  }
  body.push(...variableLength(Math.max(0, end - now)), ...meta(0x2f, []));
  return [...text('MTrk'), ...bigEndian(body.length, 4), ...body];
}

/**
 * A meta event; of use here: 0x01 text, 0x03 name of a track, 0x51 tempo, 0x58 meter, 0x7f for one program's own use.
 */
export function meta(type: number, data: readonly number[]): number[] {
  return [0xff, type, ...variableLength(data.length), ...data];
}

/** A tempo event, rounded to a microsecond a quarter note. */
export function tempoEvent(beatsPerMinute: number): number[] {
  return meta(0x51, bigEndian(Math.round(60_000_000 / beatsPerMinute), 3));
}

/** A time signature; a click a quarter note. `unit` is a power of 2. */
export function meterEvent({ beats, unit }: { readonly beats: number; readonly unit: number }): number[] {
  return meta(0x58, [beats, Math.log2(unit), 24, 8]);
}

/** UTF-8. */
export function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

function bigEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256);
}

/** 7 bits a byte, the highest first, all but the last marked by bit 7. */
function variableLength(value: number): number[] {
  const bytes = [value % 0x80];
  for (let rest = Math.floor(value / 0x80); rest > 0; rest = Math.floor(rest / 0x80))
    bytes.unshift((rest % 0x80) + 0x80);
  return bytes;
}
