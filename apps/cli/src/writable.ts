import { existsSync } from 'node:fs';
import { mkdir, realpath, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DataError } from '@chipsmith/data';
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

/**
 * As `requireWritable`, of a file that `writeFileAtomic` will write beside its place and put there.
 *
 * @throws DataError with what the operating system says, or if a folder has the name
 */
export async function requireWritableFile(path: string): Promise<void> {
  if (existsSync(path) && (await stat(path)).isDirectory()) throw new DataError(path, 'is a folder', 'name a file');
  await probe(dirname(path)).catch((error: unknown) => {
    throw fileError(path, error);
  });
}

async function tryToWrite(folder: string, named: string): Promise<void> {
  const made: string[] = [];
  try {
    await makeFolders(folder, made);
    await probe(folder);
  } catch (error) {
    throw fileError(named, error);
  } finally {
    for (const place of made.reverse()) await rmdir(place);
  }
}

async function probe(folder: string): Promise<void> {
  const file = join(folder, `.writable.partial-${process.pid}`);
  await writeFile(file, '');
  await rm(file);
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
