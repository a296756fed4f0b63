import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError, fileError, systemReason } from '../error.ts';
import { isPackedVgm } from './formats.ts';
import { LIMITS } from './limits.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

/** One file of the input: found on disk or inside an archive. */
export interface SourceFile {
  /** Path inside the input, with forward slashes; archives and folders put their own name in front. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Takes the files one by one; a file that is left out comes to `refuse` with the reason. */
export interface SourceVisitor {
  file(file: SourceFile): void;
  refuse(path: string, reason: string): void;
  /** Called after each piece of input; reading goes on once it resolves. @param share 0..1, how much of all inputs has been read */
  proceed(share: number): Promise<void> | void;
}

/**
 * Walks through files, folders and archives (.zip, .tar, .tar.gz, .tgz), which are told by their content. A gzip file with a
 * VGM log inside (.vgz) is a file like any other. Archives are never unpacked to disk; one file at a time is in memory here. Folders
 * are walked in the order of their names. Symbolic links, paths that leave the archive, and what exceeds the limits are refused.
 *
 * @throws DataError if an input is missing or an archive is damaged; the signal's reason if it is aborted
 */
export async function readSources(
  inputs: readonly string[],
  visitor: SourceVisitor,
  signal?: AbortSignal,
): Promise<void> {
  for (const [index, input] of inputs.entries()) {
    // A symbolic link that the user names is followed; those inside folders are not.
    const state = await stat(input).catch((error: unknown) => {
      throw fileError(input, error);
    });
    const ofInput: SourceVisitor = {
      file: (file) => visitor.file(file),
      refuse: (path, reason) => visitor.refuse(path, reason),
      proceed: (share) => visitor.proceed((index + share) / inputs.length),
    };
    if (state.isDirectory()) await readFolder(input, ofInput, signal);
    else if (state.isFile()) await readFileOrArchive(input, state.size, ofInput, signal);
    else throw new DataError(input, 'is neither a file nor a folder', 'name a file, folder or archive');
    signal?.throwIfAborted();
    await ofInput.proceed(1);
  }
}

async function readFolder(folder: string, visitor: SourceVisitor, signal: AbortSignal | undefined): Promise<void> {
  const files: string[] = [];
  await listFolder(resolve(folder), basename(resolve(folder)), files, visitor);
  for (const [index, path] of files.entries()) {
    signal?.throwIfAborted();
    await readPlainFile(join(dirname(resolve(folder)), path), path, visitor);
    await visitor.proceed((index + 1) / files.length);
  }
}

async function listFolder(folder: string, path: string, files: string[], visitor: SourceVisitor): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    visitor.refuse(path, systemReason(error).problem);
    return [];
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const entryPath = `${path}/${entry.name}`;
    if (entry.isSymbolicLink()) visitor.refuse(entryPath, 'a symbolic link');
    else if (entry.isDirectory()) await listFolder(join(folder, entry.name), entryPath, files, visitor);
    else if (entry.isFile()) files.push(entryPath);
    if (files.length > LIMITS.files) {
      throw new DataError(folder, `more than ${LIMITS.files} files`, 'give a folder with fewer');
    }
  }
}

async function readPlainFile(place: string, path: string, visitor: SourceVisitor): Promise<void> {
  const { size } = await stat(place);
  if (size > LIMITS.fileBytes) {
    visitor.refuse(path, `larger than ${LIMITS.fileBytes} bytes`);
    return;
  }
  const bytes = await readFile(place).catch((error: unknown) => visitor.refuse(path, systemReason(error).problem));
  if (bytes) visitor.file({ path, bytes });
}

/** An input named by the user: an archive if its first bytes say so. */
async function readFileOrArchive(
  input: string,
  size: number,
  visitor: SourceVisitor,
  signal: AbortSignal | undefined,
): Promise<void> {
  const head = await readHead(input);
  const archive: ArchiveStream = {
    name: input,
    async *chunks() {
      let read = 0;
      for await (const chunk of createReadStream(input, { highWaterMark: 2 ** 18 })) {
        signal?.throwIfAborted();
        yield chunk;
        read += chunk.length;
        await watched.proceed(read / size);
      }
    },
  };
  const watched = new WatchedVisitor(visitor);
  const read = startsWith(head, [0x50, 0x4b])
    ? withRandomAccess(input, size, watched, signal, (archive) => readZip(archive, watched))
    : startsWith(head, [0x1f, 0x8b]) && !isPackedVgm(head)
      ? readTar(archive, watched, 'gzip')
      : head.subarray(257, 262).toString('latin1') === 'ustar'
        ? readTar(archive, watched, 'plain')
        : undefined;
  if (read) {
    await read.catch((error: unknown) => {
      // An abort, or the visitor's own error, ends the stream early, which the archive's reader takes for damage.
      signal?.throwIfAborted();
      throw watched.failure ?? error;
    });
  } else if (/\.(zip|tar|tgz|gz)$/i.test(input)) {
    const remedy = 'check the file, or download it again';
    throw new DataError(input, 'not a .zip, .tar or .tar.gz archive inside', remedy, { byte: 0 });
  } else await readPlainFile(input, basename(input), visitor);
}

/** A visitor whose errors are remembered. */
class WatchedVisitor implements SourceVisitor {
  failure: unknown;
  readonly #visitor: SourceVisitor;

  constructor(visitor: SourceVisitor) {
    this.#visitor = visitor;
  }

  file(file: SourceFile): void {
    this.#watch(() => this.#visitor.file(file));
  }

  refuse(path: string, reason: string): void {
    this.#watch(() => this.#visitor.refuse(path, reason));
  }

  async proceed(share: number): Promise<void> {
    try {
      await this.#visitor.proceed(share);
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }

  #watch(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }
}

/** An archive on disk that is read from beginning to end. */
export interface ArchiveStream {
  readonly name: string;
  chunks(): AsyncGenerator<Uint8Array>;
}

/** An archive on disk that is read here and there. */
export interface RandomAccess {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** `length` bytes from `position`, which must lie inside. */
  read(position: number, length: number): Promise<Buffer>;
}

async function withRandomAccess(
  input: string,
  size: number,
  visitor: SourceVisitor,
  signal: AbortSignal | undefined,
  work: (archive: RandomAccess) => Promise<void>,
): Promise<void> {
  const file = await open(input);
  let done = 0;
  try {
    await work({
      name: input,
      size,
      async read(position, length) {
        signal?.throwIfAborted();
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
        if (bytesRead < length) throw new DataError(input, 'changes while it is read', 'run the command again');
        done += length;
        await visitor.proceed(Math.min(1, done / size));
        return buffer;
      },
    });
  } finally {
    await file.close();
  }
}

async function readHead(input: string): Promise<Buffer> {
  const file = await open(input).catch((error: unknown) => {
    throw fileError(input, error);
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function startsWith(head: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, index) => head[index] === byte);
}
