import type { InputFile } from '../files/read-file.ts';

/** An archive, on disk or in memory. */
export interface ArchiveFile {
  /** For messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `length` bytes from `position`, which must lie inside. */
  read(position: number, length: number): Promise<Buffer>;
}

/** What archives on disk are read in when they are read from beginning to end. */
const PIECE_BYTES = 2 ** 18;

/** An archive from beginning to end. */
export async function* piecesOf({ size, read }: ArchiveFile): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += PIECE_BYTES) yield await read(at, Math.min(PIECE_BYTES, size - at));
}

/**
 * An archive on disk.
 *
 * @param onRead called with how many bytes have been read in all; what it throws ends the reading
 */
export function archiveOnDisk({ path, size, read }: InputFile, onRead: (bytes: number) => void): ArchiveFile {
  let done = 0;
  return {
    name: path,
    size,
    async read(position, length) {
      const bytes = await read(position, length);
      done += length;
      onRead(done);
      return bytes;
    },
  };
}

/** An archive in memory. */
export function archiveInMemory(name: string, bytes: Uint8Array): ArchiveFile {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    name,
    size: bytes.length,
    read: (position, length) => Promise.resolve(buffer.subarray(position, position + length)),
  };
}
