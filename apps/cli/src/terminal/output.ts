import { printable } from '@chipsmith/data';
import { type Arguments, flag } from './command.ts';
import { EXIT } from './errors.ts';

/** Prints a result: JSON for programs, or text for people, in which no name of a file can command the terminal. */
export function print(args: Arguments, json: unknown, words: string): void {
  const text = flag(args, 'json') ? JSON.stringify(json, undefined, 2) : words;
  process.stdout.write(`${text.split('\n').map(printable).join('\n')}\n`);
}

/** Tells people something on the side, on standard error; as `print` does, without what could command the terminal. */
export function tell(words: string): void {
  process.stderr.write(`${words.split('\n').map(printable).join('\n')}\n`);
}

/**
 * What is printed may go to a program that stops reading (`chipsmith train --help | head -1`), or to a terminal that
 * has been closed: nobody misses the rest then, and work goes on. Any other trouble, such as a full disk, counts as
 * failure.
 */
export function watchOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      if (error.code === 'EIO' && stream.isTTY) {
        endWithTerminal();
        return;
      }
      process.exitCode = EXIT.failed;
      if (stream === process.stdout) process.stderr.write(`The result cannot be printed: ${error.message}.\n`);
    });
  }
}

/**
 * Node aborts, and may leave a core dump, where it cannot give a closed terminal back its settings at exit. So the
 * process ends then as those do that have nothing to save: by the signal that tells of it.
 */
function endWithTerminal(): void {
  if (process.listeners('exit').includes(hangUp)) return;
  process.once('exit', hangUp);
}

function hangUp(): void {
  process.kill(process.pid, 'SIGHUP');
}

/** Rows with the same fields, as aligned columns with a heading; numbers to the right. */
export function formatTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const columns = Object.keys(rows[0] ?? {}).map((name) => {
    const cells = [name, ...rows.map((row) => String(row[name]))];
    const width = Math.max(...cells.map(({ length }) => length));
    const isNumeric = rows.every((row) => typeof row[name] === 'number');
    return cells.map((cell) => (isNumeric ? cell.padStart(width) : cell.padEnd(width)));
  });
  return [-1, ...rows.keys()]
    .map((row) =>
      columns
        .map((cells) => cells[row + 1])
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** 0.125 -> "12.5 %". */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
