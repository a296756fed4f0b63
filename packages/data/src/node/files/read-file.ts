import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { DataError } from '../../error.ts';
import { fileError, isSystemError } from './system-error.ts';

/** A file that is open for reading. */
export interface InputFile {
  readonly path: string;
  /** Bytes, when it was opened. */
  readonly size: number;
  /**
   * `length` bytes from `position`.
   *
   * @throws DataError if they cannot be read, or the file has changed since it was opened
   */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens a file. Whatever is not a plain file (a device, a pipe, a folder) is refused before a byte is read.
 *
 * @param remedy what to do about it
 * @throws DataError if it cannot be opened
 */
export async function openInputFile(path: string, remedy = 'name a file'): Promise<InputFile> {
  // Without waiting: a pipe that nobody writes to would keep us for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(failAt(path));
  const close = () => handle.close();
  try {
    const state = await handle.stat().catch(failAt(path));
    if (state.isDirectory()) throw new DataError(path, 'is a folder', remedy);
    if (!state.isFile()) throw new DataError(path, 'is not a plain file (a device or a pipe)', remedy);
    const { size, mtimeMs } = state;
    const isAsBefore = async () => {
      const now = await handle.stat();
      return now.size === size && now.mtimeMs === mtimeMs;
    };
    const read = async (position: number, length: number) => {
      const bytes = await readFully(handle, position, length);
      if (bytes !== undefined && (await isAsBefore())) return bytes;
      throw new DataError(path, 'changed while it was read', 'run the command again');
    };
    return { path, size, read: (position, length) => read(position, length).catch(failAt(path)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Opens a file for some work, and closes it after.
 *
 * @param remedy what to do where it is none of its kind
 * @throws DataError as `openInputFile`, or if it has more than `maxBytes`; whatever `work` throws
 */
export async function withInputFile<Result>(
  path: string,
  maxBytes: number,
  work: (file: InputFile) => Promise<Result>,
  remedy?: string,
): Promise<Result> {
  const file = await openInputFile(path, remedy);
  try {
    if (file.size > maxBytes)
      throw new DataError(path, `is larger than ${maxBytes} bytes (${file.size})`, remedy ?? 'give a smaller file');
    return await work(file);
  } finally {
    await file.close();
  }
}

/**
 * The content of a file.
 *
 * @throws DataError if it is not a plain file, cannot be read, has more than `maxBytes`, or changes while it is read
 */
export function readInputFile(path: string, maxBytes: number, remedy?: string): Promise<Buffer> {
  return withInputFile(path, maxBytes, ({ size, read }) => read(0, size), remedy);
}

const PIECE_BYTES = 2 ** 20;

/** SHA-256 of a file, however large, in 64 hexadecimal digits. @throws DataError if it cannot be read */
export async function sha256OfFile(path: string): Promise<string> {
  const { size, read, close } = await openInputFile(path);
  const hash = createHash('sha256');
  try {
    for (let at = 0; at < size; at += PIECE_BYTES) hash.update(await read(at, Math.min(PIECE_BYTES, size - at)));
    return hash.digest('hex');
  } finally {
    await close();
  }
}

/** Undefined if there are fewer bytes. */
async function readFully(handle: FileHandle, position: number, length: number): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  for (let read = 0; read < length; ) {
    const { bytesRead } = await handle.read(bytes, read, length - read, position + read);
    if (bytesRead === 0) return undefined;
    read += bytesRead;
  }
  return bytes;
}

function failAt(path: string) {
  return (error: unknown): never => {
    throw isSystemError(error) ? fileError(path, error) : error;
  };
}
