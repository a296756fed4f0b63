/** A command line that can be copied into a shell as it stands. @param words the command's own after `pnpm chipsmith` */
export function commandLine(words: readonly string[]): string {
  return ['pnpm', 'chipsmith', ...words].map(quote).join(' ');
}

/** A word as the user's shell takes it: POSIX shells, or cmd.exe and PowerShell on Windows. */
function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (process.platform === 'win32') return `"${word.replaceAll('"', '""')}"`;
  // Control characters would act on the terminal, so they are written out: bash, zsh and ksh know this form.
  if (/\p{Cc}/u.test(word)) return `$'${word.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, escaped)}'`;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Octal, which ends after three digits whatever follows. C1 control characters take two bytes of UTF-8. */
function escaped(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
