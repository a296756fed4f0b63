import { existsSync } from 'node:fs';
import { mkdir, realpath, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileError, isSystemError } from '@chipsmith/data/node';

/**
 * Makes sure, before long work begins, that a folder can be made or written into, by doing so: permissions do not tell
 * of read-only file systems or full disks. Leaves everything as it was.
 *
 * @throws ModelError with what the operating system says
 */
export async function requireWritable(folder: string): Promise<void> {
  await tryToWrite(folder, folder);
}

/**
 * As `requireWritable`, of a folder that `replaceFolder` will make beside its place and put there.
 *
 * @throws ModelError
 */
export async function requireReplaceable(folder: string): Promise<void> {
  const place = existsSync(folder) ? await realpath(folder) : resolve(folder);
  await tryToWrite(dirname(place), folder);
}

async function tryToWrite(folder: string, named: string): Promise<void> {
  const made: string[] = [];
  const probe = join(folder, `.writable.partial-${process.pid}`);
  try {
    await makeFolders(folder, made);
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    throw fileError(named, error);
  } finally {
    for (const place of made.reverse()) await rmdir(place);
  }
}

/**
 * Makes a folder and those that it stands in where they are missing.
 *
 * @param made takes their paths, outer ones first
 */
async function makeFolders(folder: string, made: string[]): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return;
    if (!isSystemError(error) || error.code !== 'ENOENT' || dirname(folder) === folder) throw error;
    await makeFolders(dirname(folder), made);
    await mkdir(folder);
  }
  made.push(folder);
}
