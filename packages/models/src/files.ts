import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSystemError, systemReason, temporaryName } from '@chipsmith/data';
import { ModelError } from './error.ts';

/** Ends the name of a file that is being written; a process that is killed leaves it behind. */
export const PARTIAL_NAME = /\.partial-\d+$/;

/**
 * Writes a file so that at any moment, also after a power cut, the old content or the new one is there whole: to a temporary
 * name beside it, synced, renamed.
 *
 * @throws ModelError if it cannot be written; nothing is left behind then
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const partial = join(dirname(path), `${temporaryName(path)}.partial-${process.pid}`);
  const file = await open(partial, 'w').catch((error) => {
    // What hinders the temporary file hinders this one, but for a folder in its place.
    throw fileError(isSystemError(error) && error.code === 'EISDIR' ? partial : path, error);
  });
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw fileError(path, error);
  }
}

/** A regular file that is open for reading. */
export interface ReadableFile {
  /** Bytes. */
  readonly size: number;
  /** The bytes from the start of the file up to `end`, fewer if it has become shorter meanwhile. */
  read(end: number): Promise<Uint8Array>;
}

/**
 * Opens a file for some work. Pipes and devices, which may never end, are refused, and so is what is larger than any file of its
 * kind.
 *
 * @param limit in bytes
 * @throws ModelError if it cannot be read; whatever `work` throws
 */
export async function withFile<Result>(
  path: string,
  limit: number,
  work: (file: ReadableFile) => Promise<Result>,
): Promise<Result> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe waits until somebody writes into it, unless told not to; Windows has no such flag.
    const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    file = handle;
    const stats = await handle.stat();
    if (!stats.isFile()) {
      const kind = stats.isDirectory() ? 'a folder' : 'a device or a pipe';
      throw new ModelError(`${path}: is ${kind} where a file should be; move it away.`);
    }
    if (stats.size > limit) {
      throw new ModelError(`${path}: has ${stats.size} bytes, at most ${limit} are read; move it away.`);
    }
    const read = async (end: number) => {
      const bytes = new Uint8Array(end);
      let filled = 0;
      while (filled < end) {
        const { bytesRead } = await handle.read(bytes, filled, end - filled, filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    };
    return await work({ size: stats.size, read });
  } catch (error) {
    throw isSystemError(error) ? fileError(path, error) : error;
  } finally {
    await file?.close();
  }
}

/** A file's text. @param limit in bytes @throws ModelError as `withFile` */
export async function readText(path: string, limit: number): Promise<string> {
  const bytes = await withFile(path, limit, ({ size, read }) => read(size));
  return new TextDecoder().decode(bytes);
}

/** Whether an error, or what it came of, is that there is no such file. */
export function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (isSystemError(error) && error.code === 'ENOENT') || isMissing(error.cause);
}

/** What the operating system said about a file, as one line with what to do. */
export function fileError(path: string, error: unknown): ModelError {
  const { problem, remedy } = systemReason(error);
  return new ModelError(`${path}: ${problem}; ${remedy}.`, { cause: error });
}
