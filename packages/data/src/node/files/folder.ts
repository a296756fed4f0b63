import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readlink, realpath, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { DataError } from '../../error.ts';
import { isRunning } from './is-running.ts';
import { fileError, isSystemError } from './system-error.ts';

/** What operating systems leave in folders that somebody has looked at: nobody misses it. */
const LEFT_BY_SYSTEMS = ['.DS_Store', 'Thumbs.db', 'desktop.ini', '.directory'];

/**
 * Makes sure that `replaceFolder` may be called: the folder is missing, or empty, or holds nothing but files of the
 * kind that is to be written (or that the operating system has put there), and the process does not stand in it.
 *
 * @param isOwn whether a file of this name is of that kind
 * @param kind what such a file is called in messages: "track"
 * @throws DataError otherwise
 */
export async function checkReplaceable(folder: string, isOwn: (name: string) => boolean, kind: string): Promise<void> {
  await checkLink(folder);
  const entries = await readdir(folder).catch((error: unknown) => {
    if (isSystemError(error) && error.code === 'ENOENT') return [];
    throw fileError(folder, error);
  });
  const remedy = 'choose another output folder';
  const stray = entries.find((name) => !isOwn(name) && !LEFT_BY_SYSTEMS.includes(name));
  if (stray !== undefined)
    throw new DataError(folder, `holds ${stray}, which is not a ${kind}`, `${remedy} or empty it`);
  // The folder is replaced as a whole, which would pull it from under the user's feet.
  if (`${process.cwd()}${sep}`.startsWith(`${await placeOf(folder)}${sep}`)) {
    throw new DataError(folder, 'is the current folder', remedy);
  }
}

/**
 * Fills a temporary folder beside `folder` and puts it in its place: at any moment `folder` is the old one whole, or
 * the new one whole, or missing. If anything fails it is what it was, and nothing is left behind; what a killed process
 * left is taken away by the next that writes there.
 *
 * @param fill writes the files into the folder it is given
 * @returns the absolute path of the folder, symbolic links followed
 * @throws DataError if the operating system refuses something; whatever else `fill` throws
 */
export async function replaceFolder(folder: string, fill: (partial: string) => Promise<void>): Promise<string> {
  const target = await placeOf(folder);
  // Process numbers come round again, in containers at once: what is left of a namesake must not be in the way.
  const ending = `${process.pid}-${randomBytes(4).toString('hex')}`;
  const sibling = (kind: string) => join(dirname(target), `.${temporaryName(target)}.${kind}-${ending}`);
  const partial = sibling('partial');
  try {
    await mkdir(dirname(target), { recursive: true });
    await clearLeftovers(target);
    await mkdir(partial);
    try {
      await fill(partial);
      await swap(target, partial, sibling('previous'));
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    throw isSystemError(error) ? fileError(folder, error) : error;
  }
  return target;
}

/** What follows the name of a folder, and whose process it is. */
const TEMPORARY = /^(partial|previous)-(\d+)(?:-[\da-f]+)?$/;

/** Whether a folder of this name is one that `replaceFolder` writes into, or has moved aside. */
export function isTemporary(name: string): boolean {
  return name.startsWith('.') && TEMPORARY.test(name.slice(name.lastIndexOf('.') + 1));
}

/**
 * Half-written folders of killed processes go; an old folder that one had moved aside comes back if its place is empty.
 */
async function clearLeftovers(target: string): Promise<void> {
  const start = `.${temporaryName(target)}.`;
  for (const name of await readdir(dirname(target))) {
    const [, kind, processId] = TEMPORARY.exec(name.startsWith(start) ? name.slice(start.length) : '') ?? [];
    if (kind === undefined || isRunning(Number(processId))) continue;
    const leftover = join(dirname(target), name);
    if (kind === 'previous' && !existsSync(target)) await rename(leftover, target);
    else await rm(leftover, { recursive: true, force: true });
  }
}

async function swap(target: string, partial: string, previous: string): Promise<void> {
  if (!existsSync(target)) {
    await rename(partial, target);
    return;
  }
  await rename(target, previous);
  try {
    await rename(partial, target);
  } catch (error) {
    await rename(previous, target);
    throw error;
  }
  await rm(previous, { recursive: true });
}

/** File systems take names of 255 bytes: longer ones leave no room for what temporary names end in. */
const MAX_NAME_BYTES = 200;

/**
 * The name of a path that the names of temporary files and folders beside it are made of: its own, or a hash of it
 * where that is long.
 */
export function temporaryName(path: string): string {
  const name = basename(path);
  return Buffer.byteLength(name) <= MAX_NAME_BYTES
    ? name
    : createHash('sha256').update(name).digest('hex').slice(0, 16);
}

/** @throws DataError for a symbolic link that leads nowhere, of which it cannot be told what is meant */
async function checkLink(path: string): Promise<void> {
  const isLink = await lstat(path).then(
    (state) => state.isSymbolicLink(),
    () => false,
  );
  if (!isLink || existsSync(path)) return;
  const problem = `is a symbolic link to ${await readlink(path)}, which does not exist`;
  throw new DataError(path, problem, 'remove the link, or make what it points to');
}

/** Where a folder really is: replacing a symbolic link would leave what it points to behind. */
function placeOf(folder: string): Promise<string> {
  return realpath(folder).catch(() => resolve(folder));
}
