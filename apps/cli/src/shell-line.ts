/**
 * A command line of chipsmith that can be copied into a shell as it stands: a POSIX shell, or cmd.exe and PowerShell on
 * Windows. The pages load this too.
 *
 * @param words the command's own, after `pnpm chipsmith`
 */
export function shellLine(words: readonly string[], isWindows: boolean): string {
  return ['pnpm', 'chipsmith', ...words.map((word) => (isWindows ? windowsWord(word) : posixWord(word)))].join(' ');
}

/**
 * The words of a command line that such a shell passes on.
 *
 * @param command its name, and what it is given besides options: names that look like options stand behind a `--`
 */
export function commandWords([name, ...given]: readonly string[], options: TypedOptions): string[] {
  const words = optionWords(options);
  return given.some((word) => word.startsWith('-')) ? [name, ...words, '--', ...given] : [name, ...given, ...words];
}

type TypedOptions = Readonly<Record<string, string | boolean>>;

/** Options as words: `--bars 16`, `--loop`, `--no-arrange`. A value that looks like an option is tied to its own. */
function optionWords(options: TypedOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
    return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
  });
}

function posixWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // Control characters would act on the terminal, so they are written out: bash, zsh and ksh know this form.
  if (/\p{Cc}/u.test(word)) return `$'${word.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, octal)}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Octal escapes end after three digits whatever follows. C1 control characters take two bytes of UTF-8. */
function octal(character: string): string {
  return Array.from(new TextEncoder().encode(character), (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

function windowsWord(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '""')}"`;
}
