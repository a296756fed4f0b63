import { shellLine } from '../../shell-line.ts';

/** A command line for the system that the page was opened on. @param words the command's own, after `pnpm chipsmith` */
export function commandLine(words: readonly string[]): string {
  return shellLine(words, /^file:\/\/\/[A-Za-z]:\//.test(location.href));
}

/** The folder that this page lies in, as a path; where it was not opened from disk, the folder one stands in. */
export function folderOfPage(): string {
  if (location.protocol !== 'file:') return '.';
  const path = decodeURIComponent(new URL('.', location.href).pathname).replace(/(?<=.)\/$/, '');
  return path.replace(/^\/(?=[A-Za-z]:)/, '');
}
