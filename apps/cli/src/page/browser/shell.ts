import { shellLine } from '../../shell-line.ts';

/** A command line for the system that the page was opened on. @param words the command's own, after `pnpm chipsmith` */
export function commandLine(words: readonly string[]): string {
  return shellLine(words, /^file:\/\/\/[A-Za-z]:\//.test(location.href));
}

/** Options as words: `--bars 16`, `--loop`, `--no-arrange`. A value that looks like an option is tied to its own. */
export function optionWords(options: Readonly<Record<string, string | boolean>>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
  });
}

/** The folder that this page lies in, as a path; where it was not opened from disk, the folder one stands in. */
export function folderOfPage(): string {
  if (location.protocol !== 'file:') return '.';
  const path = decodeURIComponent(new URL('.', location.href).pathname).replace(/(?<=.)\/$/, '');
  return path.replace(/^\/(?=[A-Za-z]:)/, '');
}
