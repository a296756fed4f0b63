import { MEMORY_CATEGORIES } from '@chipsmith/kernels';
import type { Result } from './results.ts';

/** A head and rows of the same length; the first column is text, the others are figures. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Time, throughput and share of the peak of each result. */
export function timeTable(results: readonly Result[]): Table {
  return withoutEmptyColumns({
    head: ['benchmark', 'median', 'minimum', 'CPU', 'throughput', 'of FMA peak'],
    rows: results.map(({ name, wall, cpu, rates, shareOfPeak }) => [
      name,
      formatMilliseconds(wall.median),
      formatMilliseconds(wall.minimum),
      formatMilliseconds(cpu.median),
      rates.map(({ value, unit }) => `${formatNumber(value)} ${unit}`).join(', '),
      shareOfPeak === undefined ? '' : `${(shareOfPeak * 100).toFixed(1)} %`,
    ]),
  });
}

/** Device memory of each result that has some, by category as planned, and what the device allocated in all. */
export function memoryTable(results: readonly Result[]): Table {
  const rows = results.flatMap(({ name, memory }) => {
    if (memory === undefined) return [];
    const { predicted, allocated } = memory;
    const byCategory = MEMORY_CATEGORIES.map((category) => formatMebibytes(predicted[category]));
    const total = (bytes: typeof predicted) =>
      formatMebibytes(MEMORY_CATEGORIES.reduce((sum, category) => sum + bytes[category], 0));
    return [[name, ...byCategory, total(predicted), total(allocated)]];
  });
  return { head: ['peak memory in MiB', ...MEMORY_CATEGORIES, 'planned', 'allocated'], rows };
}

function withoutEmptyColumns({ head, rows }: Table): Table {
  const filled = head.map((_, column) => rows.some((row) => row[column] !== ''));
  const keep = (cells: readonly string[]) => cells.filter((_, column) => filled[column]);
  return { head: keep(head), rows: rows.map(keep) };
}

/** Columns padded to equal width, figures to the right. */
export function terminalTable({ head, rows }: Table): string {
  const widths = columnWidths({ head, rows });
  const line = (cells: readonly string[]) => padded(cells, widths).join('  ').trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** As the repository's formatter lays tables out, so that a page passes its check. */
export function markdownTable({ head, rows }: Table): string {
  const widths = columnWidths({ head, rows });
  const line = (cells: readonly string[]) => `| ${padded(cells, widths).join(' | ')} |`;
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

function columnWidths({ head, rows }: Table): number[] {
  return head.map((title, column) =>
    Math.max(...[title, ...rows.map((row) => row[column])].map(({ length }) => length)),
  );
}

function padded(cells: readonly string[], widths: readonly number[]): string[] {
  return cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column])));
}

export function formatMilliseconds(value: number): string {
  return `${formatNumber(value)} ms`;
}

/** Three significant digits, but whole numbers from 100 on. */
export function formatNumber(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}

function formatMebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
