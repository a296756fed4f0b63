import { LIMITS } from '../../dataset/limits.ts';

/**
 * An archive entry's path in its plain form, or undefined if it would leave the archive: absolute, with a drive letter,
 * or with "..". Nothing is written to such a path in any case; but an archive that holds one is not to be trusted.
 */
export function safeEntryPath(path: string): string | undefined {
  const parts = path.replaceAll('\\', '/').split('/');
  if (parts[0] === '' || /^[A-Za-z]:/.test(path) || parts.includes('..')) return undefined;
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}

/**
 * How many bytes a file may have that is called so: more where it may be an archive, which is told by its content
 * later.
 */
export function entryLimit(path: string): number {
  return isCalledArchive(path) || /\.gz$/i.test(path) ? LIMITS.innerArchiveBytes : LIMITS.fileBytes;
}

/** Whether a file has the name of an archive that is read. */
export function isCalledArchive(path: string): boolean {
  return /\.(zip|tar|tgz|tar\.gz)$/i.test(path);
}
