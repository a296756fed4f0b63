import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { FoundFile, RefusedFile } from '../../dataset/found-file.ts';
import { LIMITS, tooLarge } from '../../dataset/limits.ts';
import { DataError, reasonOf } from '../../error.ts';
import { isTemporary } from '../files/folder.ts';
import { openInputFile } from '../files/read-file.ts';
import { fileError, systemReason } from '../files/system-error.ts';
import { archiveOnDisk } from './archive-file.ts';
import { archiveKind, checkIsNoArchive, HEAD_BYTES, readArchive } from './archives.ts';
import { Budget } from './budget.ts';

/** A file of the input, or how much of all inputs has been read so far, 0..1. */
export type SourceStep = FoundFile | { readonly share: number };

/**
 * Walks through files, folders and archives (.zip, .tar, .tar.gz, .tgz), which are told by their content, also in
 * folders and in one another. A file that is packed with gzip by itself is a file like any other. Archives are never
 * unpacked to disk; one file, or one archive inside another, is in memory at a time. Folders are walked in the order of
 * their names. Symbolic links, paths that leave the archive, and what exceeds the limits are refused; in folders also
 * what cannot be read, changes meanwhile, or has a name that is not UTF-8.
 *
 * @param output a folder that is left out where an input contains it, with what stands in its place while it is written
 * @throws DataError if an input is missing or an archive that is named itself is damaged; the signal's reason if it is
 *   aborted
 */
export async function* readSources(
  inputs: readonly string[],
  signal?: AbortSignal,
  output?: string,
): AsyncGenerator<SourceStep> {
  // A slip of the pen shows before work begins.
  for (const input of inputs) await stateOf(input);
  for (const [index, input] of inputs.entries()) {
    try {
      for await (const step of readInput(input, signal, output && resolve(output))) {
        yield 'share' in step ? { share: (index + step.share) / inputs.length } : step;
        signal?.throwIfAborted();
      }
    } catch (error) {
      // One of many files (a shell has written out `*.mid`) that cannot be read is a line of the report; a damaged
      // archive is not.
      const isOneOfMany = inputs.length > 1 && error instanceof DataError && error.place === undefined;
      if (!isOneOfMany) throw error;
      yield { path: basename(input), reason: reasonOf(error) };
    }
    yield { share: (index + 1) / inputs.length };
  }
}

async function* readInput(
  input: string,
  signal: AbortSignal | undefined,
  output: string | undefined,
): AsyncGenerator<SourceStep> {
  if ((await stateOf(input)).isDirectory()) yield* readFolder(resolve(input), signal, output);
  else yield* readFile(input, basename(input), '', signal);
}

/** Of what the user names a symbolic link is followed; those inside folders are not. */
function stateOf(input: string): Promise<Stats> {
  return stat(input).catch((error: unknown) => {
    throw fileError(input, error);
  });
}

async function* readFolder(
  folder: string,
  signal: AbortSignal | undefined,
  output: string | undefined,
): AsyncGenerator<SourceStep> {
  const found: (string | RefusedFile)[] = [];
  for await (const file of filesBelow(folder, basename(folder), output)) {
    found.push(file);
    if (found.length > LIMITS.files) {
      throw new DataError(folder, `more than ${LIMITS.files} files`, 'give a folder with fewer');
    }
  }
  for (const [index, file] of found.entries()) {
    if (typeof file !== 'string') yield file;
    else {
      try {
        for await (const step of readFile(join(dirname(folder), file), file, `${file}/`, signal)) {
          if (!('share' in step)) yield step;
        }
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        yield { path: file, reason: reasonOf(error) };
      }
    }
    yield { share: (index + 1) / found.length };
  }
}

/** Paths of files below a folder, and what is refused at sight, in the order of names. */
async function* filesBelow(
  folder: string,
  path: string,
  output: string | undefined,
): AsyncGenerator<string | RefusedFile> {
  if (folder === output || isTemporary(basename(folder))) return;
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    yield { path, reason: systemReason(error).problem };
    return;
  }
  // Sorted as text, as the order of songs is; names that are not UTF-8 have no text of their own.
  const named = entries.map((entry) => ({ entry, name: entry.name.toString() }));
  for (const { entry, name } of named.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const entryPath = `${path}/${name}`;
    if (!Buffer.from(name).equals(entry.name)) yield { path: entryPath, reason: 'its name is not UTF-8: rename it' };
    else if (entry.isSymbolicLink()) yield { path: entryPath, reason: 'a symbolic link' };
    else if (entry.isDirectory()) yield* filesBelow(join(folder, name), entryPath, output);
    else if (entry.isFile()) yield entryPath;
    else yield { path: entryPath, reason: 'not a plain file (a device or a pipe)' };
  }
}

/**
 * A file, or those of an archive.
 *
 * @param place where it is on disk
 * @param prefix stands before the paths of an archive's files
 */
async function* readFile(
  place: string,
  path: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<SourceStep> {
  const file = await openInputFile(place);
  try {
    const head = await file.read(0, Math.min(HEAD_BYTES, file.size));
    const kind = archiveKind(head, path);
    if (kind === undefined) {
      checkIsNoArchive(place, head);
      if (file.size > LIMITS.fileBytes) yield { path, reason: tooLarge(LIMITS.fileBytes) };
      else yield { path, bytes: head.length === file.size ? head : await file.read(0, file.size) };
      return;
    }
    let share = 0;
    const archive = archiveOnDisk(file, (bytes) => {
      signal?.throwIfAborted();
      share = Math.min(1, bytes / file.size);
    });
    for await (const found of readArchive(archive, kind, new Budget(file.size))) {
      yield { ...found, path: `${prefix}${found.path}` };
      yield { share };
    }
  } finally {
    await file.close();
  }
}
