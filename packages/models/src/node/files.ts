import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError } from '@chipsmith/data';
import { type InputFile, isSystemError, openInputFile, systemReason, temporaryName } from '@chipsmith/data/node';
import { ModelError } from '../error.ts';

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

/**
 * Opens a file of a run for some work. Pipes and devices, which may never end, are refused, and so is what is larger than any
 * file of its kind.
 *
 * @param limit in bytes
 * @throws ModelError if it cannot be read; whatever `work` throws
 */
export async function withFile<Result>(
  path: string,
  limit: number,
  work: (file: InputFile) => Promise<Result>,
): Promise<Result> {
  let file: InputFile | undefined;
  try {
    file = await openInputFile(path, 'move it away');
    if (file.size > limit) {
      throw new ModelError(`${path}: has ${file.size} bytes, at most ${limit} are read; move it away.`);
    }
    return await work(file);
  } catch (error) {
    throw error instanceof DataError ? new ModelError(`${error.message}.`, { cause: error }) : error;
  } finally {
    await file?.close();
  }
}

/** A file's text. @param limit in bytes @throws ModelError as `withFile` */
export async function readText(path: string, limit: number): Promise<string> {
  const bytes = await withFile(path, limit, ({ size, read }) => read(0, size));
  return bytes.toString();
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
