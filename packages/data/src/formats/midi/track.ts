import { atBytes, Repairs } from '../repairs.ts';
import { bigEndianAt, variableLengthAt } from './bytes.ts';
import type { MidiEvent, MidiTrack } from './file.ts';
import { END_OF_TRACK, META, type Message, messageAt, nextSoundEvent } from './message.ts';
import { decodeText } from './text.ts';
import { TrackNames } from './track-names.ts';

/** A track, and where in the file it stops. */
export interface ReadTrack {
  readonly track: MidiTrack;
  /** Index of the byte after its last event. */
  readonly next: number;
  /** Whether it stops with an end-of-track event. */
  readonly isEnded: boolean;
  /** Whether all its bytes are events. */
  readonly isWhole: boolean;
  /** The status that holds at its end; 0 for none. */
  readonly running: number;
  readonly repairs: Repairs;
}

export interface TrackTimes {
  /** Tick at which the track begins. */
  readonly first: number;
  /** Ticks from an event to the next; longer waits are damage and count as none. */
  readonly longestWait: number;
}

/** Waits fit in 28 bits. */
const LONGEST_WAIT = 0x0fffffff;
/** Bytes of the longest wait that the standard allows. */
const WAIT_BYTES = 4;

/**
 * Reads the events of a track up to its end-of-track event, or to `limit`. Where no event can be read, reading resumes
 * at the next sound one. Takes time linear in the number of bytes.
 *
 * How a track without a name is called: see TrackNames.
 *
 * @param status that holds at its beginning; 0 for none
 */
export function readTrack(
  bytes: Uint8Array,
  start: number,
  limit: number,
  { first, longestWait }: TrackTimes,
  status = 0,
): ReadTrack {
  const repairs = new Repairs(atBytes);
  const events: MidiEvent[] = [];
  const names = new TrackNames();
  let tick = first;
  let running = status;
  let isWhole = true;
  let at = start;
  while (at < limit) {
    const byte = at;
    const wait = variableLengthAt(bytes, at, limit);
    const message = wait && messageAt(bytes, wait.next, limit, running);
    if (wait === undefined || message === undefined) {
      at = nextSoundEvent(bytes, byte + 1, limit);
      repairs.add('skipped # byte(s) in which no event could be read', byte, at - byte);
      isWhole = false;
      continue;
    }
    at = message.next;
    const { status, type } = message;
    if (wait.next - byte > WAIT_BYTES) repairs.add(`read # wait(s) of more than ${WAIT_BYTES} bytes`, byte);
    const isEnd = status === META && type === END_OF_TRACK;
    if (wait.value <= Math.min(longestWait, LONGEST_WAIT)) tick += wait.value;
    else if (!isEnd) repairs.add('took # wait(s) of more than an hour as none', byte);
    if (isEnd) {
      const track = { name: names.ofTrack, channelNames: names.ofChannels, events, end: tick, endByte: byte };
      return { track, next: at, isEnded: true, isWhole, running, repairs };
    }
    const place = { tick, byte };
    if (status === META) {
      names.readMeta(type, bytes.subarray(message.data, message.next), tick === first);
      readMeta(bytes, message, place, events, repairs);
    } else if (status < 0xf0) {
      running = status;
      names.passChannelMessage();
      readChannelMessage(bytes, message, place, events, repairs);
    } else if (status !== 0xf0 && status !== 0xf7) {
      repairs.add('left out # system message(s)', byte);
    }
  }
  repairs.add('# track(s) had no end-of-track event', limit);
  const track = { name: names.ofTrack, channelNames: names.ofChannels, events, end: tick, endByte: limit };
  return { track, next: limit, isEnded: false, isWhole, running, repairs };
}

/** When and where in the file an event is. */
type EventPlace = Pick<MidiEvent, 'tick' | 'byte'>;

function readChannelMessage(
  bytes: Uint8Array,
  { status, data }: Message,
  { tick, byte }: EventPlace,
  events: MidiEvent[],
  repairs: Repairs,
): void {
  const kind = status >> 4;
  const channel = status & 0x0f;
  // Pressure, of a key (0xa) and of a channel (0xd): a song has no place for it.
  if (kind === 0xa || kind === 0xd) return;
  const first = bytes[data];
  if (first > 0x7f && kind !== 0xe) {
    repairs.add('left out # message(s) for a key, controller or program above 127', byte);
    return;
  }
  // The byte after a program number belongs to the next event.
  if (kind !== 0xc && (first > 0x7f || bytes[data + 1] > 0x7f)) repairs.add('read # value(s) above 127 as 127', byte);
  const value = Math.min(0x7f, bytes[data + 1]);
  if (kind === 0xc) events.push({ tick, byte, kind: 'program', channel, program: first });
  else if (kind === 0xb) events.push({ tick, byte, kind: 'control', channel, control: first, value });
  else if (kind === 0xe) {
    events.push({ tick, byte, kind: 'bend', channel, value: value * 128 + Math.min(0x7f, first) - 8192 });
  }
  // A note-on of velocity 0 is a note-off: the usual form under running status.
  else if (kind === 0x8 || value === 0) events.push({ tick, byte, kind: 'off', channel, pitch: first });
  else events.push({ tick, byte, kind: 'on', channel, pitch: first, velocity: value });
}

const TEXT = 0x01;
const TEMPO = 0x51;
const METER = 0x58;
const KEY = 0x59;
/** For one program's own use. */
const SEQUENCER = 0x7f;
/** Bytes that meta events must have to be read as numbers. */
const META_BYTES: ReadonlyMap<number, number> = new Map([
  [TEMPO, 3],
  [METER, 2],
  [KEY, 2],
]);

/** Microseconds a quarter note may last: 1600 down to 5 quarter notes a minute. */
const QUARTER_RANGE = { shortest: 37_500, longest: 12_000_000 } as const;
/** The shortest note that a meter may count: a 64th. */
const SHORTEST_UNIT = 6;

function readMeta(
  bytes: Uint8Array,
  { type, data, next }: Message,
  { tick, byte }: EventPlace,
  events: MidiEvent[],
  repairs: Repairs,
): void {
  if (next - data < (META_BYTES.get(type) ?? 0)) {
    repairs.add('left out # tempo(s), meter(s) or key(s) of too few bytes', byte);
  } else if (type === TEMPO) {
    const microsecondsPerQuarter = bigEndianAt(bytes, data, 3);
    if (microsecondsPerQuarter < QUARTER_RANGE.shortest || microsecondsPerQuarter > QUARTER_RANGE.longest) {
      repairs.add('left out # tempo(s) outside 5..1600 bpm', byte);
    } else events.push({ tick, byte, kind: 'tempo', microsecondsPerQuarter });
  } else if (type === METER) {
    const [beats, power] = bytes.subarray(data, next);
    if (beats === 0 || power > SHORTEST_UNIT) repairs.add('left out # impossible meter(s)', byte);
    else events.push({ tick, byte, kind: 'meter', beats, unit: 2 ** power });
  } else if (type === KEY) {
    const fifths = (bytes[data] << 24) >> 24;
    const mode = bytes[data + 1];
    if (Math.abs(fifths) > 7 || mode > 1) repairs.add('left out # impossible key(s)', byte);
    else events.push({ tick, byte, kind: 'key', fifths, isMinor: mode === 1 });
  } else if (type === TEXT) {
    events.push({ tick, byte, kind: 'text', text: decodeText(bytes.subarray(data, next)) });
  } else if (type === SEQUENCER) {
    events.push({ tick, byte, kind: 'sequencer', data: bytes.subarray(data, next) });
  }
}
