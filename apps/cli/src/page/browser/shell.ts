/** Text that no shell takes for anything else. */
const PLAIN = /^[\w%+=:,./@-]+$/;

/** A word for a command line: in single quotes for a POSIX shell, in double quotes, which no Windows path holds, for Windows. */
export function shellWord(word: string, isWindows = false): string {
  if (PLAIN.test(word) || (isWindows && /^[\w%+=:,.\\/@-]+$/.test(word))) return word;
  return isWindows ? `"${word}"` : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A command line of chipsmith. */
export function commandLine(words: readonly string[]): string {
  const isWindows = /^file:\/\/\/[A-Za-z]:\//.test(location.href);
  return ['pnpm chipsmith', ...words.map((word) => shellWord(word, isWindows))].join(' ');
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
