import { table } from 'arquero';
import { type Arguments, flag } from './command.ts';

/** Prints a result: JSON for programs, or text for people. */
export function print(args: Arguments, json: unknown, words: string): void {
  process.stdout.write(flag(args, 'json') ? `${JSON.stringify(json, undefined, 2)}\n` : `${words}\n`);
}

/** Rows as aligned columns with a heading; numbers to the right. */
export function formatTable(rows: readonly Readonly<Record<string, string | number>>[]): string {
  const names = Object.keys(rows[0] ?? {});
  const columns = table(Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])])));
  const cells = [
    names,
    ...columns.objects().map((row) => names.map((name) => String((row as Record<string, unknown>)[name]))),
  ];
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const right = names.map((name) => rows.every((row) => typeof row[name] === 'number'));
  return cells
    .map((row) =>
      row
        .map((cell, i) => (right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
