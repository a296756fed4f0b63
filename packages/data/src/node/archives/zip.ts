import { crc32, inflateRawSync } from 'node:zlib';
import type { FoundFile } from '../../dataset/found-file.ts';
import { tooLarge } from '../../dataset/limits.ts';
import { DataError, messageOf, reasonOf } from '../../error.ts';
import type { ArchiveFile } from './archive-file.ts';
import type { Budget } from './budget.ts';
import { entryLimit, safeEntryPath } from './entry-path.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

/**
 * Reads the files of a .zip archive one by one, and holds each to its checksum. One that is damaged is refused; the
 * others are read all the same.
 *
 * @throws DataError, with the byte, if the directory at the end of the archive is missing or damaged, or exceeds its
 *   budget
 */
export async function* readZip(archive: ArchiveFile, budget: Budget): AsyncGenerator<FoundFile> {
  const fail = (byte: number, problem: string): never => {
    throw new DataError(archive.name, problem, 'check the archive, or download it again', { byte });
  };
  const entries = await readZipDirectory(archive, fail);
  if (entries.length === 0) fail(archive.size, 'empty: a zip archive without entries');
  for (const { size } of entries) {
    const exceeded = budget.takeFile() ?? budget.takeBytes(size);
    if (exceeded !== undefined) fail(archive.size, exceeded);
  }
  for (const entry of entries) {
    if (entry.name.endsWith('/')) continue;
    const path = safeEntryPath(entry.name);
    if (path === undefined) yield { path: entry.name, reason: 'its path leaves the archive' };
    else yield { path, ...(await contentOf(archive, entry, entryLimit(path))) };
  }
}

const HEADER_BYTES = 30;
const HEADER_SIGNATURE = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

async function contentOf(
  archive: ArchiveFile,
  { start, method, isEncrypted, checksum, packedSize, size }: ZipEntry,
  limit: number,
): Promise<{ readonly bytes: Uint8Array } | { readonly reason: string }> {
  const damaged = (problem: string, byte = start) => ({
    reason: reasonOf({ problem, place: { byte, within: 'archive' } }),
  });
  if (isEncrypted) return { reason: 'encrypted' };
  if (method !== STORED && method !== DEFLATED) return { reason: `packed by method ${method}, which is not supported` };
  if (size > limit) return { reason: tooLarge(limit) };
  // Deflating makes nothing longer than this.
  if (packedSize > size + size / 1000 + 1000) return damaged(`${size} bytes packed to ${packedSize}`);
  if (start + HEADER_BYTES > archive.size) return damaged('the entry begins past the end');
  const header = await archive.read(start, HEADER_BYTES);
  if (header.readUInt32LE(0) !== HEADER_SIGNATURE) return damaged('no entry begins here');
  const content = start + HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (content + packedSize > archive.size) return damaged('the entry is cut short');
  const packed = await archive.read(content, packedSize);
  try {
    const bytes = method === STORED ? packed : inflateRawSync(packed, { maxOutputLength: limit });
    if (bytes.length !== size) return damaged(`the entry has ${bytes.length} bytes, not ${size}`, content);
    return crc32(bytes) === checksum ? { bytes } : damaged('the entry does not match its checksum', content);
  } catch (error) {
    // More comes out than was announced.
    if (error instanceof RangeError) return { reason: tooLarge(limit) };
    return damaged(`the entry is damaged (${messageOf(error)})`, content);
  }
}
