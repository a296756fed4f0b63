import { shellLine } from '../shell-line.ts';

/** A command line for the shell of this system. @param words the command's own, after `pnpm chipsmith` */
export function commandLine(words: readonly string[]): string {
  return shellLine(words, process.platform === 'win32');
}
