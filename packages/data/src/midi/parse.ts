import { DataError } from '../error.ts';
import { ByteReader } from './bytes.ts';

/** An event of a track that a song is made of. */
export type MidiEvent = {
  /** From the start of the file. */
  readonly tick: number;
  /** Where the event begins in the file, with its delta time. */
  readonly byte: number;
} & (
  | { readonly kind: 'on'; readonly channel: number; readonly pitch: number; readonly velocity: number }
  | { readonly kind: 'off'; readonly channel: number; readonly pitch: number }
  | { readonly kind: 'control'; readonly channel: number; readonly control: number; readonly value: number }
  | { readonly kind: 'program'; readonly channel: number; readonly program: number }
  /** The pitch wheel: -8192..8191, 0 in the middle. */
  | { readonly kind: 'bend'; readonly channel: number; readonly value: number }
  | { readonly kind: 'tempo'; readonly microsecondsPerQuarter: number }
  | { readonly kind: 'meter'; readonly beats: number; readonly unit: number }
  /** Sharps (positive) or flats of the key signature, -7..7. */
  | { readonly kind: 'key'; readonly fifths: number; readonly isMinor: boolean }
  | { readonly kind: 'text'; readonly text: string }
  /** A meta event for one program's own use. */
  | { readonly kind: 'sequencer'; readonly data: Uint8Array }
);

export interface MidiTrack {
  readonly name: string;
  readonly events: readonly MidiEvent[];
  /** Tick of the end-of-track event, or of the last event where that is missing. */
  readonly end: number;
  /** Where that event begins in the file, or where the track stops without it. */
  readonly endByte: number;
}

/** How ticks measure time: parts of a quarter note, or (SMPTE) parts of a second whatever the tempo is. */
export type MidiDivision =
  | { readonly kind: 'quarter'; readonly ticksPerQuarter: number }
  | { readonly kind: 'second'; readonly ticksPerSecond: number };

export interface MidiFile {
  readonly division: MidiDivision;
  readonly tracks: readonly MidiTrack[];
  /** One sentence for each thing that was put right while reading. */
  readonly repairs: readonly string[];
}

/**
 * Reads the byte stream of a standard MIDI file (formats 0, 1 and 2; SMF 1.0) into events at exact ticks.
 *
 * Velocity-0 note-ons become note-offs, running status and system-exclusive messages are followed, and chunks that are no
 * tracks are skipped. Put right and reported: a missing end-of-track event, a wrong track count, bytes after the last chunk.
 * The patterns of a format 2 file are laid end to end.
 *
 * @param name the file's name, for messages
 * @throws DataError if the bytes are no MIDI file or are damaged so that times or notes would have to be guessed
 */
export function parseMidi(bytes: Uint8Array, name: string): MidiFile {
  if (bytes.length === 0) throw new DataError(name, 'the file is empty', 'give a MIDI file', { byte: 0 });
  const reader = new ByteReader(bytes, name);
  if (bytes.length < 14 || chunkType(reader) !== 'MThd') {
    const remedy = 'give a standard MIDI file (.mid)';
    throw new DataError(name, 'not a MIDI file (it does not begin with "MThd")', remedy, { byte: 0 });
  }
  const headerLength = reader.uint32();
  if (headerLength < 6) reader.refuse(`the header has ${headerLength} bytes instead of 6`);
  const header = new ByteReader(reader.take(headerLength), name);
  const format = header.uint16();
  if (format > 2) reader.refuse(`MIDI format ${format} does not exist`, 8);
  const announced = header.uint16();
  const division = readDivision(header.uint16(), reader);

  const repairs: string[] = [];
  const tracks: MidiTrack[] = [];
  let start = 0;
  let skipped = 0;
  let events = 0;
  while (reader.remaining >= 8) {
    const type = chunkType(reader);
    const length = reader.uint32();
    if (type !== 'MTrk' && tracks.length >= announced) {
      reader.position -= 8;
      break;
    }
    if (length > reader.remaining) {
      reader.refuse(`the chunk "${type}" announces ${length} bytes but only ${reader.remaining} follow`);
    }
    const body = new ByteReader(bytes, name, reader.position, reader.position + length);
    reader.position += length;
    if (type !== 'MTrk') {
      skipped++;
      continue;
    }
    const track = readTrack(body, format === 2 ? start : 0, tracks.length, repairs);
    start = track.end;
    tracks.push(track);
    events += track.events.length;
    if (events > MOST_EVENTS) reader.refuse(`more than ${MOST_EVENTS} events`, track.endByte);
    if (tracks.length > MOST_TRACKS) reader.refuse(`more than ${MOST_TRACKS} tracks`);
  }
  if (skipped > 0) repairs.push(`skipped ${skipped} chunks that are no tracks`);
  if (tracks.length === 0) reader.refuse('the MIDI file has no track');
  if (reader.remaining > 0) repairs.push(`ignored ${reader.remaining} bytes after the last chunk`);
  if (tracks.length !== announced)
    repairs.push(`the header announces ${announced} tracks, the file has ${tracks.length}`);
  return { division, tracks, repairs };
}

/** The header counts tracks in 16 bits. */
const MOST_TRACKS = 0xffff;
/** The longest file of NES-MDB has 125,752; arranging takes memory in proportion. */
const MOST_EVENTS = 500_000;

function chunkType(reader: ByteReader): string {
  return String.fromCharCode(...reader.take(4));
}

function readDivision(word: number, reader: ByteReader): MidiDivision {
  if (word < 0x8000) {
    if (word === 0) reader.refuse('a quarter note has 0 ticks', 12);
    return { kind: 'quarter', ticksPerQuarter: word };
  }
  const framesPerSecond = 256 - (word >> 8);
  const ticksPerFrame = word & 0xff;
  // "29" stands for NTSC's 30 drop-frame rate, 30000/1001 a second.
  const rate = framesPerSecond === 29 ? 30_000 / 1001 : framesPerSecond;
  if (![24, 25, 29, 30].includes(framesPerSecond) || ticksPerFrame === 0) {
    reader.refuse(`the time division 0x${word.toString(16)} is neither ticks a quarter nor an SMPTE rate`, 12);
  }
  return { kind: 'second', ticksPerSecond: rate * ticksPerFrame };
}

const META = 0xff;
const END_OF_TRACK = 0x2f;

function readTrack(reader: ByteReader, start: number, index: number, repairs: string[]): MidiTrack {
  const events: MidiEvent[] = [];
  let name = '';
  let tick = start;
  let status = 0;
  let ended = false;
  let byte = reader.position;
  while (reader.remaining > 0 && !ended) {
    byte = reader.position;
    tick += reader.variableLength();
    const first = reader.uint8();
    if (first < 0x80) {
      if (status === 0) reader.refuse('a data byte stands where an event must begin', reader.position - 1);
      // Running status: the byte is already the first of the data.
      reader.position--;
      readChannelMessage(status, reader, { tick, byte }, events);
    } else if (first === META) {
      const type = reader.uint8();
      const data = reader.take(reader.variableLength());
      if (type === END_OF_TRACK) ended = true;
      else if (type === 0x03 && name === '') name = decodeText(data);
      else readMeta(type, data, { tick, byte }, events);
    } else if (first >= 0xf0) {
      if (first !== 0xf0 && first !== 0xf7) {
        reader.refuse(`0x${first.toString(16)} is no event of a MIDI file`, reader.position - 1);
      }
      reader.take(reader.variableLength());
    } else {
      status = first;
      readChannelMessage(status, reader, { tick, byte }, events);
    }
  }
  if (!ended) repairs.push(`track ${index} had no end-of-track event`);
  else if (reader.remaining > 0) repairs.push(`ignored ${reader.remaining} bytes after the end of track ${index}`);
  return { name, events, end: tick, endByte: ended ? byte : reader.position };
}

/** When and where in the file an event is. */
type EventPlace = Pick<MidiEvent, 'tick' | 'byte'>;

function readChannelMessage(status: number, reader: ByteReader, { tick, byte }: EventPlace, events: MidiEvent[]): void {
  const channel = status & 0x0f;
  const first = reader.uint7();
  switch (status >> 4) {
    case 0x8:
      reader.uint7();
      events.push({ tick, byte, kind: 'off', channel, pitch: first });
      return;
    case 0x9: {
      const velocity = reader.uint7();
      // A note-on of velocity 0 is a note-off: the usual form under running status.
      if (velocity === 0) events.push({ tick, byte, kind: 'off', channel, pitch: first });
      else events.push({ tick, byte, kind: 'on', channel, pitch: first, velocity });
      return;
    }
    case 0xb:
      events.push({ tick, byte, kind: 'control', channel, control: first, value: reader.uint7() });
      return;
    case 0xc:
      events.push({ tick, byte, kind: 'program', channel, program: first });
      return;
    case 0xe:
      events.push({ tick, byte, kind: 'bend', channel, value: reader.uint7() * 128 + first - 8192 });
      return;
    case 0xd:
      // Pressure, of a channel here and of a key (0xa) below: a song has no place for it.
      return;
    default:
      reader.uint7();
  }
}

function readMeta(type: number, data: Uint8Array, { tick, byte }: EventPlace, events: MidiEvent[]): void {
  if (type === 0x51 && data.length >= 3) {
    const microsecondsPerQuarter = data[0] * 0x10000 + data[1] * 0x100 + data[2];
    if (microsecondsPerQuarter > 0) events.push({ tick, byte, kind: 'tempo', microsecondsPerQuarter });
  } else if (type === 0x58 && data.length >= 2) {
    events.push({ tick, byte, kind: 'meter', beats: data[0], unit: 2 ** data[1] });
  } else if (type === 0x59 && data.length >= 2) {
    const fifths = (data[0] << 24) >> 24;
    if (Math.abs(fifths) <= 7 && data[1] <= 1) events.push({ tick, byte, kind: 'key', fifths, isMinor: data[1] === 1 });
  } else if (type === 0x01) {
    events.push({ tick, byte, kind: 'text', text: decodeText(data) });
  } else if (type === 0x7f) {
    events.push({ tick, byte, kind: 'sequencer', data });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('latin1');

/** Texts are UTF-8 where they can be, else Latin-1: the standard says only "ASCII", and files hold both. */
function decodeText(data: Uint8Array): string {
  try {
    return utf8.decode(data);
  } catch {
    return latin1.decode(data);
  }
}
