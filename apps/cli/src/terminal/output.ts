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

/** Rows of a table, which all have the same fields. */
export type Rows = readonly Readonly<Record<string, string | number>>[];

/** Rows as aligned columns with a heading; numbers to the right. */
export function formatTable(rows: Rows): string {
  const columns = alignedColumns(rows);
  return linesOf(columns)
    .map((cells) => cells.join('  ').trimEnd())
    .join('\n');
}

/** The same in Markdown, laid out as the formatter of the repository does, so that a page passes its check. */
export function markdownTable(rows: Rows): string {
  // A rule has three dashes at least.
  const columns = alignedColumns(rows, 3);
  const [heading, ...lines] = linesOf(columns);
  const rule = columns.map(({ cells: [{ length }], isNumeric }) =>
    isNumeric ? `${'-'.repeat(length - 1)}:` : '-'.repeat(length),
  );
  return [heading, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

interface Column {
  readonly isNumeric: boolean;
  /** The heading and then each row's, all of one width. */
  readonly cells: readonly string[];
}

function alignedColumns(rows: Rows, leastWidth = 0): Column[] {
  return Object.keys(rows[0] ?? {}).map((name) => {
    const cells = [name, ...rows.map((row) => String(row[name]))];
    const width = Math.max(leastWidth, ...cells.map(({ length }) => length));
    const isNumeric = rows.every((row) => typeof row[name] === 'number');
    return { isNumeric, cells: cells.map((cell) => (isNumeric ? cell.padStart(width) : cell.padEnd(width))) };
  });
}

function linesOf(columns: readonly Column[]): string[][] {
  const [{ cells: first } = { cells: [] }] = columns;
  return [...first.keys()].map((line) => columns.map(({ cells }) => cells[line]));
}

/** 0.125 -> "12.5 %". */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}
