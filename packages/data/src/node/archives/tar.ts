import { ApuError, GzipReader, isGzip } from '@chipsmith/apu';
import { Parser, type ReadEntry } from 'tar';
import type { FoundFile } from '../../dataset/found-file.ts';
import { tooLarge } from '../../dataset/limits.ts';
import { DataError, type FilePlace, messageOf } from '../../error.ts';
import { TAR_BLOCK_BYTES } from '../../formats/containers/signatures.ts';
import { type ArchiveFile, piecesOf } from './archive-file.ts';
import type { Budget } from './budget.ts';
import { entryLimit, safeEntryPath } from './entry-path.ts';

/** gzip tells the piece that it fails in, not the byte. */
const PACKED_PIECE_BYTES = 4096;

/**
 * Reads the files of a tar archive from beginning to end.
 *
 * @throws DataError if the archive is damaged, cut short or exceeds its budget. Its byte is that of the block of 512
 *   bytes at fault, in a packed archive among the unpacked bytes; where the packing itself is damaged, near that of the
 *   file.
 */
export async function* readTar(
  archive: ArchiveFile,
  compression: 'gzip' | 'plain',
  budget: Budget,
): AsyncGenerator<FoundFile> {
  const reader = new TarReader(archive.name, compression, budget);
  if (compression === 'plain') {
    for await (const piece of piecesOf(archive)) yield* reader.push(piece);
  } else {
    for await (const content of unpacked(archive)) {
      yield* reader.push(Buffer.from(content.buffer, content.byteOffset, content.byteLength));
    }
  }
  yield* reader.end();
}

async function* unpacked(archive: ArchiveFile): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const gunzip = new GzipReader((content) => ready.push(content));
  const take = () => {
    const taken = ready;
    ready = [];
    return taken;
  };
  const fail = (problem: string, byte: number) =>
    new DataError(archive.name, problem, 'check the archive, or download it again', { byte });
  try {
    for await (const piece of piecesOf(archive)) {
      for (let at = 0; at < piece.length; at += PACKED_PIECE_BYTES) {
        gunzip.push(piece.subarray(at, at + PACKED_PIECE_BYTES));
        yield* take();
      }
    }
    if (gunzip.end().isCut) throw fail('damaged archive (the gzip file is cut short)', archive.size);
    yield* take();
  } catch (error) {
    if (!(error instanceof ApuError)) throw error;
    throw fail(`damaged archive (${error.message})`, error.byteOffset ?? 0);
  }
}

/** Takes the unpacked bytes of an archive piece by piece, and gives the files that are complete. */
class TarReader {
  readonly #name: string;
  readonly #compression: 'gzip' | 'plain';
  readonly #budget: Budget;
  readonly #parser: Parser;
  #ready: FoundFile[] = [];
  /** Of the block that the parser is given. */
  #position = 0;
  #failure: Error | undefined;
  #hasEnded = false;

  constructor(name: string, compression: 'gzip' | 'plain', budget: Budget) {
    this.#name = name;
    this.#compression = compression;
    this.#budget = budget;
    // strict: a damaged header is an error, not a warning. What is packed twice is unpacked once, so that nothing
    // escapes the limits.
    this.#parser = new Parser({ strict: true, zstd: false, onReadEntry: (entry) => this.#visit(entry) });
    this.#parser.on('error', (error: unknown) => {
      this.#failure ??= this.#fault(`damaged tar archive (${messageOf(error)})`);
    });
    this.#parser.on('eof', () => {
      this.#hasEnded = true;
    });
  }

  *push(bytes: Buffer): Generator<FoundFile> {
    if (this.#position === 0 && isGzip(bytes)) throw this.#fault('it is packed twice');
    const exceeded = this.#budget.takeBytes(bytes.length);
    if (exceeded !== undefined) throw this.#fault(exceeded);
    for (let at = 0; at < bytes.length; ) {
      // Block by block, so that a block at fault is known.
      const block = bytes.subarray(at, at + TAR_BLOCK_BYTES - (this.#position % TAR_BLOCK_BYTES));
      this.#parser.write(block);
      if (this.#failure) throw this.#failure;
      this.#position += block.length;
      at += block.length;
      yield* this.#take();
    }
  }

  *end(): Generator<FoundFile> {
    this.#parser.end();
    if (this.#failure) throw this.#failure;
    yield* this.#take();
    // Two blocks of zeros end an archive; without them it may have been cut between two files.
    if (!this.#hasEnded) throw this.#fault('the archive is cut short');
  }

  #take(): FoundFile[] {
    if (this.#ready.length === 0) return this.#ready;
    const taken = this.#ready;
    this.#ready = [];
    return taken;
  }

  #visit(entry: ReadEntry): void {
    const path = safeEntryPath(entry.path);
    const exceeded = this.#budget.takeFile() ?? this.#budget.announce(entry.size);
    if (exceeded !== undefined) this.#failure ??= this.#fault(exceeded);
    const reason = path === undefined ? 'its path leaves the archive' : refusalOf(entry, path);
    if (reason && entry.type !== 'Directory') this.#ready.push({ path: path ?? entry.path, reason });
    if (path === undefined || reason || this.#failure) {
      entry.resume();
      return;
    }
    const chunks: Uint8Array[] = [];
    entry.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    entry.on('end', () => this.#ready.push({ path, bytes: Buffer.concat(chunks) }));
  }

  #fault(problem: string): DataError {
    const byte = Math.floor(this.#position / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
    const place: FilePlace = this.#compression === 'gzip' ? { byte, within: 'unpacked' } : { byte };
    return new DataError(this.#name, problem, 'check the archive, or download it again', place);
  }
}

/** Why an entry is not read; undefined for a file of reasonable size. */
function refusalOf({ type, size }: ReadEntry, path: string): string | undefined {
  if (type === 'SymbolicLink' || type === 'Link') return 'a link';
  if (type !== 'File' && type !== 'OldFile' && type !== 'ContiguousFile') return `not a file (${type})`;
  const limit = entryLimit(path);
  return size > limit ? tooLarge(limit) : undefined;
}
