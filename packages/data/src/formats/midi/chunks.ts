import { hasText } from '../containers/signatures.ts';
import { bigEndianAt, variableLengthAt } from './bytes.ts';
import { messageAt } from './message.ts';

/** Types of the two kinds of chunk that are read. */
export const HEADER = 'MThd';
export const TRACK = 'MTrk';
/** Bytes of a chunk's type and length. */
export const CHUNK_HEAD = 8;

/** Where a chunk ends by its own length. */
export function chunkEnd(bytes: Uint8Array, at: number): number {
  return at + CHUNK_HEAD + bigEndianAt(bytes, at + 4, 4);
}

/** Whether a chunk may end at an index: the file ends there, or another chunk begins. */
export function isBoundary(bytes: Uint8Array, at: number): boolean {
  return (
    at === bytes.length || hasText(bytes, TRACK, at) || (hasChunkType(bytes, at) && chunkEnd(bytes, at) <= bytes.length)
  );
}

/** Whether a chunk other than a track begins at an index. */
export function isForeignChunk(bytes: Uint8Array, at: number): boolean {
  return hasChunkType(bytes, at) && isBoundary(bytes, chunkEnd(bytes, at));
}

/** Chunk types are four printable characters. */
function hasChunkType(bytes: Uint8Array, at: number): boolean {
  const type = bytes.subarray(at, at + 4);
  return type.length === 4 && type.every((byte) => byte >= 0x20 && byte < 0x7f);
}

/**
 * Finds where the next track begins at or after an index; the length of the file if none does. The letters may also
 * occur in a text, so what follows decides. Called with rising indices, it goes through the file once.
 */
export function trackSearch(bytes: Uint8Array): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found >= from) return found;
    found = findText(bytes, TRACK, from);
    while (found < bytes.length && !isLikelyTrack(bytes, found)) found = findText(bytes, TRACK, found + 1);
    return found;
  };
}

function isLikelyTrack(bytes: Uint8Array, at: number): boolean {
  return isBoundary(bytes, chunkEnd(bytes, at)) || beginsWithEvent(bytes, at + CHUNK_HEAD);
}

function beginsWithEvent(bytes: Uint8Array, at: number): boolean {
  const wait = variableLengthAt(bytes, at, bytes.length);
  return wait !== undefined && messageAt(bytes, wait.next, bytes.length, 0) !== undefined;
}

/** The index of ASCII text, the length of the file if it is not there. */
export function findText(bytes: Uint8Array, text: string, from: number): number {
  let at = bytes.indexOf(text.charCodeAt(0), from);
  while (at >= 0 && !hasText(bytes, text, at)) at = bytes.indexOf(text.charCodeAt(0), at + 1);
  return at < 0 ? bytes.length : at;
}
