import { gzipHead, isGzip } from '@chipsmith/apu';
import type { FoundFile } from '../../dataset/found-file.ts';
import { LIMITS, tooLarge } from '../../dataset/limits.ts';
import { DataError, reasonOf } from '../../error.ts';
import { isTar, isZip, TAR_BLOCK_BYTES } from '../../formats/containers/signatures.ts';
import { type ArchiveFile, archiveInMemory } from './archive-file.ts';
import type { Budget } from './budget.ts';
import { isCalledArchive } from './entry-path.ts';
import { readTar } from './tar.ts';
import { readZip } from './zip.ts';

export type ArchiveKind = 'zip' | 'tar' | 'tar.gz';

/** Enough of a file to tell whether it is an archive: of a gzip file, for the first block of what is packed. */
export const HEAD_BYTES = 2 ** 17;

/**
 * What kind of archive a file is, by its content; undefined for a file like any other, also one that is packed with
 * gzip.
 *
 * @param head its first bytes, HEAD_BYTES where it has as many
 */
export function archiveKind(head: Uint8Array, path: string): ArchiveKind | undefined {
  // Documents of many programs are zip archives as well; nothing in them is a file of music.
  if (isZip(head)) return /\.(mscz|mxl|gp|docx|xlsx|pptx|od[tsp]|epub|jar|apk)$/i.test(path) ? undefined : 'zip';
  if (isGzip(head)) {
    return isTar(gzipHead(head, TAR_BLOCK_BYTES)) || /\.(tgz|tar\.gz)$/i.test(path) ? 'tar.gz' : undefined;
  }
  return isTar(head) ? 'tar' : undefined;
}

/**
 * @param head its first bytes
 * @throws DataError if a file that has the name of an archive is none
 */
export function checkIsNoArchive(path: string, head: Uint8Array): void {
  if (!isCalledArchive(path)) return;
  const fail = (problem: string): never => {
    throw new DataError(path, problem, 'check the file, or download it again', { byte: 0 });
  };
  if (head.length === 0) fail('the file is empty');
  // Two blocks of zeros end a tar archive: one without files is nothing else.
  if (/\.tar$/i.test(path) && head.every((byte) => byte === 0)) fail('empty: a tar archive without entries');
  fail('damaged archive: its content is not .zip, .tar or .tar.gz');
}

/**
 * The files of an archive and of the archives inside it, one after the other. An archive inside that is damaged, or
 * nested too deep, is refused; what was read of it before counts.
 *
 * @throws DataError if the archive itself is damaged or exceeds its budget
 */
export async function* readArchive(
  archive: ArchiveFile,
  kind: ArchiveKind,
  budget: Budget,
  depth = 1,
): AsyncGenerator<FoundFile> {
  const files = kind === 'zip' ? readZip(archive, budget) : readTar(archive, kind === 'tar' ? 'plain' : 'gzip', budget);
  for await (const file of files) {
    if ('reason' in file) yield file;
    else yield* readEntry(file.path, file.bytes, budget, depth);
  }
}

async function* readEntry(path: string, bytes: Uint8Array, budget: Budget, depth: number): AsyncGenerator<FoundFile> {
  const kind = archiveKind(bytes, path);
  try {
    if (kind === undefined) {
      checkIsNoArchive(path, bytes);
      yield bytes.length > LIMITS.fileBytes ? { path, reason: tooLarge(LIMITS.fileBytes) } : { path, bytes };
    } else if (depth === LIMITS.archiveDepth) {
      yield { path, reason: `nested in more than ${LIMITS.archiveDepth} archives: unpack it first` };
    } else {
      for await (const file of readArchive(archiveInMemory(path, bytes), kind, budget, depth + 1)) {
        yield { ...file, path: `${path}/${file.path}` };
      }
    }
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    yield { path, reason: reasonOf(error) };
  }
}
