import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { DataError, messageOf } from '../error.ts';
import { safeEntryPath } from './entry-path.ts';
import { LIMITS } from './limits.ts';
import type { ArchiveStream, SourceVisitor } from './sources.ts';

/**
 * Reads the files of a tar archive from a stream of its bytes.
 *
 * @throws DataError if the archive is damaged, cut short or exceeds the limits
 */
export async function readTar(
  archive: ArchiveStream,
  visitor: SourceVisitor,
  compression: 'gzip' | 'plain',
): Promise<void> {
  const fail = (problem: string) => new DataError(archive.name, problem, 'check the archive, or download it again');
  let entries = 0;
  let unpacked = 0;
  let failure: Error | undefined;
  // strict: a damaged header is an error, not a warning.
  const parser = new Parser({ strict: true, onReadEntry: visit });
  parser.on('error', (error: unknown) => {
    failure ??= fail(`damaged tar archive (${messageOf(error)})`);
  });

  let ended = false;
  parser.on('eof', () => {
    ended = true;
  });

  function visit(entry: ReadEntry): void {
    entries++;
    const path = safeEntryPath(entry.path);
    if (entries > LIMITS.files) failure ??= fail(`more than ${LIMITS.files} entries`);
    const refusal = path === undefined ? 'its path leaves the archive' : refusalOf(entry);
    if (refusal && entry.type !== 'Directory') visitor.refuse(path ?? entry.path, refusal);
    if (path === undefined || refusal || failure) {
      entry.resume();
      return;
    }
    const chunks: Uint8Array[] = [];
    entry.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    entry.on('end', () => {
      if (!failure) visitor.file({ path, bytes: Buffer.concat(chunks) });
    });
  }

  const feed = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of bytes) {
      unpacked += chunk.length;
      if (unpacked > LIMITS.archiveBytes) failure ??= fail(`unpacks to more than ${LIMITS.archiveBytes} bytes`);
      if (failure) throw failure;
      parser.write(chunk);
    }
    parser.end();
  };
  try {
    if (compression === 'gzip') await pipeline(archive.chunks(), createGunzip(), feed);
    else await pipeline(archive.chunks(), feed);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw fail(`damaged archive (${messageOf(error)})`);
  }
  if (failure) throw failure;
  // Two blocks of zeros end an archive; without them it may have been cut between two files.
  if (!ended) throw fail('the archive is cut short');
}

/** Why an entry is not read; undefined for a file of reasonable size. */
function refusalOf({ type, size }: ReadEntry): string | undefined {
  if (type === 'SymbolicLink' || type === 'Link') return 'a link';
  if (type !== 'File' && type !== 'OldFile' && type !== 'ContiguousFile') return `not a file (${type})`;
  return size > LIMITS.fileBytes ? `larger than ${LIMITS.fileBytes} bytes` : undefined;
}
