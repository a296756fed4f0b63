import { decodeText } from '../../formats/midi/text.ts';
import type { ArchiveFile } from './archive-file.ts';

/** What the directory at the end of an archive says of an entry. */
export interface ZipEntry {
  readonly name: string;
  readonly isEncrypted: boolean;
  /** 0 is stored, 8 deflated. */
  readonly method: number;
  readonly checksum: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where its header begins in the archive. */
  readonly start: number;
}

/** Ends reading: the archive is of no use. */
export type Fail = (byte: number, problem: string) => never;

/** The record that ends an archive, and the longest comment behind it. */
const END_BYTES = 22;
const END_MARK = 'PK\x05\x06';
const LONGEST_COMMENT = 0xffff;
const ENTRY_BYTES = 46;
const LOCATOR_BYTES = 20;
const LARGE_END_BYTES = 56;
/** A million entries of a hundred bytes: a longer directory is made to fill the memory. */
const MAX_BYTES = 100_000_000;

const SIGNATURES = { end: 0x06054b50, entry: 0x02014b50, largeEnd: 0x06064b50, locator: 0x07064b50 } as const;

/**
 * The directory of a zip archive, also of one with more than 65,535 entries or 4 GiB (Zip64; PKWARE's APPNOTE 6.3.10,
 * sections 4.3.12 to 4.3.16 and 4.5.3). An archive that is cut short has none.
 */
export async function readZipDirectory(archive: ArchiveFile, fail: Fail): Promise<ZipEntry[]> {
  const { start, bytes, count } = await findDirectory(archive, fail);
  if (bytes > MAX_BYTES) fail(start, `its directory has ${bytes} bytes`);
  if (start + bytes > archive.size) fail(start, 'the archive is cut short');
  const directory = await archive.read(start, bytes);
  const entries: ZipEntry[] = [];
  for (let at = 0; entries.length < count; ) {
    if (at + ENTRY_BYTES > bytes || directory.readUInt32LE(at) !== SIGNATURES.entry)
      fail(start + at, `its directory ends after ${entries.length} of ${count} entries`);
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => directory.readUInt16LE(at + offset));
    const end = at + ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
    if (end > bytes) fail(start + at, 'an entry of its directory is cut short');
    entries.push(entryOf(directory.subarray(at, end), nameBytes, extraBytes));
    at = end;
  }
  return entries;
}

async function findDirectory(
  archive: ArchiveFile,
  fail: Fail,
): Promise<{ readonly start: number; readonly bytes: number; readonly count: number }> {
  const tailStart = Math.max(0, archive.size - END_BYTES - LONGEST_COMMENT - LOCATOR_BYTES);
  const tail = await archive.read(tailStart, archive.size - tailStart);
  let at = tail.lastIndexOf(END_MARK, undefined, 'latin1');
  // The comment behind it may hold the same letters.
  while (at >= 0 && !isEnd(tail, at)) at = at === 0 ? -1 : tail.lastIndexOf(END_MARK, at - 1, 'latin1');
  if (at < 0) return fail(archive.size, 'the archive is cut short');
  const disks = [tail.readUInt16LE(at + 4), tail.readUInt16LE(at + 6)];
  const count = tail.readUInt16LE(at + 10);
  const bytes = tail.readUInt32LE(at + 12);
  const start = tail.readUInt32LE(at + 16);
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && tail.readUInt32LE(locator) === SIGNATURES.locator) {
    const place = number64(tail, locator + 8);
    if (place + LARGE_END_BYTES > archive.size) fail(tailStart + locator, 'its Zip64 record lies outside it');
    const record = await archive.read(place, LARGE_END_BYTES);
    if (record.readUInt32LE(0) !== SIGNATURES.largeEnd) fail(place, 'its Zip64 record is not there');
    return { count: number64(record, 32), bytes: number64(record, 40), start: number64(record, 48) };
  }
  if (disks.some((disk) => disk !== 0)) fail(tailStart + at, 'it is one of several parts');
  return { start, bytes, count };
}

/** Whether the record that ends an archive can be at an index: all of it is there, with its comment. */
function isEnd(tail: Buffer, at: number): boolean {
  return at + END_BYTES <= tail.length && at + END_BYTES + tail.readUInt16LE(at + 20) <= tail.length;
}

function entryOf(record: Buffer, nameBytes: number, extraBytes: number): ZipEntry {
  const flags = record.readUInt16LE(8);
  const nameEnd = ENTRY_BYTES + nameBytes;
  const large = largeNumbers(record.subarray(nameEnd, nameEnd + extraBytes));
  // Of the extra field those numbers count that do not fit, in this order.
  const [size, packedSize, start] = [24, 20, 42].map((offset) => {
    const number = record.readUInt32LE(offset);
    return number === 0xffff_ffff ? (large.shift() ?? number) : number;
  });
  return {
    // Only few say that it is UTF-8; else it is in whatever the computer used that packed it.
    name: decodeText(record.subarray(ENTRY_BYTES, nameEnd)),
    isEncrypted: (flags & 1) !== 0,
    method: record.readUInt16LE(10),
    checksum: record.readUInt32LE(16),
    size,
    packedSize,
    start,
  };
}

/** The 64-bit numbers of the extra field 1. */
function largeNumbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      const count = Math.floor((Math.min(end, extra.length) - at - 4) / 8);
      return Array.from({ length: count }, (_, index) => number64(extra, at + 4 + 8 * index));
    }
    at = end;
  }
  return [];
}

/** Exact up to 2^53; what is larger lies outside every archive. */
function number64(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset));
}
