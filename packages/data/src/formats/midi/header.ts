import { DataError } from '../../error.ts';
import type { Repairs } from '../repairs.ts';
import { bigEndianAt } from './bytes.ts';
import { CHUNK_HEAD, findText, HEADER, isBoundary, TRACK } from './chunks.ts';
import type { MidiDivision } from './file.ts';

/** Of its data: format, number of tracks, time division. */
const HEADER_BYTES = 6;

/** What a file says of its tracks. */
export interface Header {
  readonly format: number;
  /** How many tracks the header announces; undefined without a header. */
  readonly announced: number | undefined;
  readonly division: MidiDivision;
  /** Where the first track can begin. */
  readonly next: number;
}

/** The usual values, assumed for a missing header. */
const USUAL = { format: 1, ticksPerQuarter: 480 } as const;

/**
 * Reads the header of a file, after whatever precedes it. A damaged header is read as far as it makes sense; without
 * one, 480 ticks a quarter note are assumed.
 *
 * @param nextTrack see trackSearch
 * @throws DataError if the bytes are not MIDI: no track anywhere, and no header at the very beginning
 */
export function readHeader(
  bytes: Uint8Array,
  nextTrack: (from: number) => number,
  name: string,
  repairs: Repairs,
): Header {
  const found = findText(bytes, HEADER, 0);
  const firstTrack = nextTrack(found === bytes.length ? 0 : found + CHUNK_HEAD);
  if (firstTrack === bytes.length && found > 0) {
    const problem = `not a MIDI file (it has no "${found < bytes.length ? TRACK : HEADER}")`;
    throw new DataError(name, problem, 'give a standard MIDI file (.mid)', { byte: 0 });
  }
  const before = firstTrack - CHUNK_HEAD - HEADER_BYTES;
  const isNameless = found === bytes.length && before >= 0 && bigEndianAt(bytes, before + 4, 4) === HEADER_BYTES;
  if (found === bytes.length && !isNameless) {
    repairs.add(`assumed # header of ${USUAL.ticksPerQuarter} ticks a quarter note, as there is none`, 0);
    const division: MidiDivision = { kind: 'quarter', ticksPerQuarter: USUAL.ticksPerQuarter };
    return { format: USUAL.format, announced: undefined, division, next: firstTrack };
  }
  const at = isNameless ? before : found;
  if (isNameless) repairs.add(`read # header without "${HEADER}"`, at);
  if (at > 0) repairs.add('skipped # byte(s) before the header', 0, at);
  const length = bigEndianAt(bytes, at + 4, 4);
  const start = at + CHUNK_HEAD;
  const isWhole =
    length === HEADER_BYTES ||
    (length > HEADER_BYTES && firstTrack >= start + length && isBoundary(bytes, start + length));
  if (!isWhole) repairs.add('corrected the length of # header', at + 4);
  const next = isWhole ? start + length : Math.min(firstTrack, start + HEADER_BYTES);
  const written = bigEndianAt(bytes, start, 2);
  if (written > 2) repairs.add(`took # unknown format for ${USUAL.format}`, start);
  const division = readDivision(next < start + HEADER_BYTES ? 0 : bigEndianAt(bytes, start + 4, 2), start + 4, repairs);
  return { format: written > 2 ? USUAL.format : written, announced: bigEndianAt(bytes, start + 2, 2), division, next };
}

/**
 * Some programs write resolutions beyond 15 bits, such as 55,440; like all usual resolutions, these are multiples of
 * this.
 */
const WIDE_DIVISOR = 48;

function readDivision(word: number, byte: number, repairs: Repairs): MidiDivision {
  const framesPerSecond = 256 - (word >> 8);
  const ticksPerFrame = word & 0xff;
  if (word >= 0x8000 && [24, 25, 29, 30].includes(framesPerSecond) && ticksPerFrame > 0) {
    // "29" stands for NTSC's 30 drop-frame rate, 30000/1001 a second.
    const rate = framesPerSecond === 29 ? 30_000 / 1001 : framesPerSecond;
    return { kind: 'second', ticksPerSecond: rate * ticksPerFrame };
  }
  if (word > 0 && (word < 0x8000 || word % WIDE_DIVISOR === 0)) {
    if (word >= 0x8000) repairs.add('took # time division of more than 15 bits for ticks a quarter note', byte);
    return { kind: 'quarter', ticksPerQuarter: word };
  }
  repairs.add(`assumed ${USUAL.ticksPerQuarter} ticks a quarter note for # impossible time division`, byte);
  return { kind: 'quarter', ticksPerQuarter: USUAL.ticksPerQuarter };
}
