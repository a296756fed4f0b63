import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser, type ReadEntry } from 'tar';
import { DataError, type FilePlace, messageOf } from '../error.ts';
import { safeEntryPath } from './entry-path.ts';
import { LIMITS } from './limits.ts';
import type { ArchiveStream, SourceVisitor } from './sources.ts';

/**
 * Reads the files of a tar archive from a stream of its bytes.
 *
 * @throws DataError if the archive is damaged, cut short or exceeds the limits. Its byte is that of the block of 512 bytes at
 *   fault, in a packed archive among the unpacked bytes; where the packing itself is damaged, of the 4096 bytes of the file.
 */
export async function readTar(
  archive: ArchiveStream,
  visitor: SourceVisitor,
  compression: 'gzip' | 'plain',
): Promise<void> {
  const failAt = (place: FilePlace, problem: string) =>
    new DataError(archive.name, problem, 'check the archive, or download it again', place);
  const fail = (problem: string) => {
    const byte = Math.floor(position / BLOCK) * BLOCK;
    return failAt(compression === 'gzip' ? { byte, within: 'unpacked' } : { byte }, problem);
  };
  let entries = 0;
  /** Of the block that the parser is given. */
  let position = 0;
  let failure: Error | undefined;
  // strict: a damaged header is an error, not a warning. What is packed twice is unpacked once, so that nothing escapes the limits.
  const parser = new Parser({ strict: true, zstd: false, onReadEntry: visit });
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
      if (position === 0 && chunk[0] === 0x1f && chunk[1] === 0x8b) throw fail('it is packed twice');
      if (position + chunk.length > LIMITS.archiveBytes)
        throw fail(`unpacks to more than ${LIMITS.archiveBytes} bytes`);
      for (let at = 0; at < chunk.length; ) {
        // Block by block, so that a block at fault is known.
        const block = chunk.subarray(at, at + BLOCK - (position % BLOCK));
        parser.write(block);
        if (failure) throw failure;
        position += block.length;
        at += block.length;
      }
    }
    parser.end();
  };
  const gunzip = createGunzip();
  try {
    if (compression === 'gzip') await pipeline(piecesOf(archive.chunks()), gunzip, feed);
    else await pipeline(archive.chunks(), feed);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw failAt({ byte: gunzip.bytesWritten }, `damaged archive (${messageOf(error)})`);
  }
  if (failure) throw failure;
  // Two blocks of zeros end an archive; without them it may have been cut between two files.
  if (!ended) throw fail('the archive is cut short');
}

const BLOCK = 512;
/** gunzip tells the piece that it fails in, not the byte. */
const PIECE = 4096;

async function* piecesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE) yield chunk.subarray(at, at + PIECE);
  }
}

/** Why an entry is not read; undefined for a file of reasonable size. */
function refusalOf({ type, size }: ReadEntry): string | undefined {
  if (type === 'SymbolicLink' || type === 'Link') return 'a link';
  if (type !== 'File' && type !== 'OldFile' && type !== 'ContiguousFile') return `not a file (${type})`;
  return size > LIMITS.fileBytes ? `larger than ${LIMITS.fileBytes} bytes` : undefined;
}
