import { Unzip, UnzipInflate } from 'fflate';
import { DataError, messageOf } from '../error.ts';
import { safeEntryPath } from './entry-path.ts';
import { LIMITS } from './limits.ts';
import type { ArchiveStream, SourceVisitor } from './sources.ts';

/**
 * Reads the files of a .zip archive from a stream of its bytes.
 *
 * @throws DataError if the archive is damaged, cut short or exceeds the limits
 */
export async function readZip(archive: ArchiveStream, visitor: SourceVisitor): Promise<void> {
  const fail = (problem: string) => new DataError(archive.name, problem, 'check the archive, or download it again');
  let entries = 0;
  let unfinished = 0;
  let unpacked = 0;
  const unzip = new Unzip((entry) => {
    entries++;
    if (entries > LIMITS.files) throw fail(`more than ${LIMITS.files} entries`);
    const path = safeEntryPath(entry.name);
    if (entry.name.endsWith('/')) return;
    if (path === undefined) return visitor.refuse(entry.name, 'its path leaves the archive');
    if (entry.compression !== 0 && entry.compression !== 8) {
      return visitor.refuse(path, `packed by method ${entry.compression}, which is not supported`);
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    unfinished++;
    entry.ondata = (error, chunk, final) => {
      if (error) throw fail(`entry ${path} is damaged (${messageOf(error)})`);
      size += chunk.length;
      unpacked += chunk.length;
      if (unpacked > LIMITS.archiveBytes) throw fail(`unpacks to more than ${LIMITS.archiveBytes} bytes`);
      // The size in the header may lie, so what comes out is counted; what is too much is not kept.
      if (size <= LIMITS.fileBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (!final) return;
      unfinished--;
      if (size > LIMITS.fileBytes) visitor.refuse(path, `larger than ${LIMITS.fileBytes} bytes`);
      else visitor.file({ path, bytes: Buffer.concat(chunks) });
    };
    entry.start();
  });
  unzip.register(UnzipInflate);
  let tail = Buffer.alloc(0);
  try {
    for await (const chunk of archive.chunks()) {
      tail = Buffer.concat([tail, chunk]).subarray(-LONGEST_END);
      unzip.push(chunk);
    }
    unzip.push(new Uint8Array(0), true);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw fail(`damaged zip archive (${messageOf(error)})`);
  }
  if (unfinished > 0) throw fail('the archive is cut short');
  const listed = listedEntries(tail);
  if (listed === undefined || entries < listed) throw fail('the archive is cut short');
  if (entries === 0) throw fail('a zip archive without entries');
}

/** The record that ends an archive, of 22 bytes, and a comment of up to 65,535 bytes after it. */
const LONGEST_END = 22 + 65_535;

/**
 * The number of entries that the end of an archive tells. Read as a stream, an archive that is cut between two entries looks
 * whole but for this. The field has 16 bits and is full where there are more, which is then a lower bound.
 *
 * @returns undefined if there is no such record
 */
function listedEntries(tail: Buffer): number | undefined {
  const start = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  return start >= 0 && start + 22 <= tail.length ? tail.readUInt16LE(start + 10) : undefined;
}
