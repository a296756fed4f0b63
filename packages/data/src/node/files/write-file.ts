import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryName } from './folder.ts';
import { fileError, isSystemError } from './system-error.ts';

/** Ends the name of a file that is being written; a process that is killed leaves it behind. */
export const PARTIAL_NAME = /\.partial-\d+$/;

/**
 * Writes a file so that at any moment, also after a power cut, the old content or the new one is there whole: to a
 * temporary name beside it, synced, renamed.
 *
 * @throws DataError if it cannot be written; nothing is left behind then
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
