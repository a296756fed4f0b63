/**
 * An archive entry's path in its plain form, or undefined if it would leave the archive: absolute, with a drive letter, or
 * with "..". Nothing is written to such a path in any case; but an archive that holds one is not to be trusted.
 */
export function safeEntryPath(path: string): string | undefined {
  const parts = path.replaceAll('\\', '/').split('/');
  if (parts[0] === '' || /^[A-Za-z]:/.test(path) || parts.includes('..')) return undefined;
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}
