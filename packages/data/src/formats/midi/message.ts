import { variableLengthAt } from './bytes.ts';

/** A message of a track: where its data begins and where the next event does. */
export interface Message {
  /** 0x80..0xef with the channel in the low half, or 0xf0..0xff. */
  readonly status: number;
  /** What kind of meta event; 0 for other messages. */
  readonly type: number;
  readonly data: number;
  readonly next: number;
}

export const META = 0xff;
export const END_OF_TRACK = 0x2f;

const SYSTEM_EXCLUSIVE = [0xf0, 0xf7];
/** Data bytes of the system common messages (MIDI 1.0): time code, song position, song select. All others have none. */
const SYSTEM_DATA: ReadonlyMap<number, number> = new Map([
  [0xf1, 1],
  [0xf2, 2],
  [0xf3, 1],
]);

/**
 * The message at an index, after the wait of its event. System messages other than exclusive ones do not belong in a
 * file, but files recorded from a wire have them.
 *
 * @param running the status that holds if the message has none of its own; 0 for none
 * @returns undefined if there is no message, or if it would reach beyond `limit`
 */
export function messageAt(bytes: Uint8Array, at: number, limit: number, running: number): Message | undefined {
  if (at >= limit) return undefined;
  const first = bytes[at];
  if (first < 0xf0) {
    const status = first < 0x80 ? running : first;
    if (status === 0) return undefined;
    const data = first < 0x80 ? at : at + 1;
    return within(limit, { status, type: 0, data, next: data + channelData(status) });
  }
  const isMeta = first === META;
  if (isMeta || SYSTEM_EXCLUSIVE.includes(first)) {
    const type = isMeta ? bytes[at + 1] : 0;
    const length = variableLengthAt(bytes, isMeta ? at + 2 : at + 1, limit);
    if (length === undefined || type > 0x7f) return undefined;
    return within(limit, { status: first, type, data: length.next, next: length.next + length.value });
  }
  return within(limit, { status: first, type: 0, data: at + 1, next: at + 1 + (SYSTEM_DATA.get(first) ?? 0) });
}

/** Data bytes of a channel message: program changes and channel pressure have one. */
function channelData(status: number): number {
  return status >> 4 === 0xc || status >> 4 === 0xd ? 1 : 2;
}

function within(limit: number, message: Message): Message | undefined {
  return message.next <= limit ? message : undefined;
}

/**
 * Where, from an index on, an event begins that can hardly be anything else: a wait of one byte, then a sound channel
 * message with its status, or a meta event, followed by another sound event. `limit` if there is none.
 */
export function nextSoundEvent(bytes: Uint8Array, from: number, limit: number): number {
  for (let at = from; at < limit; at++) {
    const status = bytes[at + 1];
    const hasStatus = bytes[at] < 0x80 && status >= 0x80 && (status < 0xf0 || status === META);
    const message = hasStatus ? soundMessageAt(bytes, at + 1, limit, 0) : undefined;
    if (message && isFollowed(bytes, message, limit)) return at;
  }
  return limit;
}

function isFollowed(bytes: Uint8Array, { status, next }: Message, limit: number): boolean {
  if (next === limit) return true;
  const wait = variableLengthAt(bytes, next, limit);
  return wait !== undefined && soundMessageAt(bytes, wait.next, limit, status < 0xf0 ? status : 0) !== undefined;
}

/** Texts, channel prefix and port, end of track, tempo, SMPTE offset, meter, key, sequencer-specific (SMF 1.0). */
const META_TYPES = [1, 2, 3, 4, 5, 6, 7, 0x20, 0x21, END_OF_TRACK, 0x51, 0x54, 0x58, 0x59, 0x7f];

/** The message at an index, unless its data are not what its kind has. */
function soundMessageAt(bytes: Uint8Array, at: number, limit: number, running: number): Message | undefined {
  const message = messageAt(bytes, at, limit, running);
  if (message === undefined) return undefined;
  if (message.status === META) return META_TYPES.includes(message.type) ? message : undefined;
  const isSound = message.status >= 0xf0 || bytes.subarray(message.data, message.next).every((value) => value < 0x80);
  return isSound ? message : undefined;
}
