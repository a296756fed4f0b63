import type { Report } from './results.ts';
import { formatMilliseconds, type Table } from './table.ts';

/** Differences up to this are taken for noise. */
export const NOTABLE_CHANGE = 0.1;

export interface Comparison {
  readonly name: string;
  /** Median milliseconds on the clock. */
  readonly before: number;
  readonly now: number;
  /** now / before: above 1 is slower. */
  readonly ratio: number;
  readonly verdict: 'faster' | 'slower' | 'same';
}

/** What two reports have in common, row by row, and which names only one of them has. */
export function compareReports(before: Report, now: Report) {
  const old = new Map(before.results.map((result) => [result.name, result]));
  const rows = now.results.flatMap((result): Comparison[] => {
    const previous = old.get(result.name);
    if (previous === undefined) return [];
    const ratio = result.wall.median / previous.wall.median;
    const notable = Math.abs(ratio - 1) > NOTABLE_CHANGE;
    const verdict = !notable ? 'same' : ratio > 1 ? 'slower' : 'faster';
    return [{ name: result.name, before: previous.wall.median, now: result.wall.median, ratio, verdict }];
  });
  const names = new Set(now.results.map(({ name }) => name));
  return {
    rows,
    onlyBefore: before.results.map(({ name }) => name).filter((name) => !names.has(name)),
    onlyNow: [...names].filter((name) => !old.has(name)),
  };
}

export function comparisonTable(rows: readonly Comparison[]): Table {
  return {
    head: ['benchmark', 'before', 'now', 'now / before', ''],
    rows: rows.map(({ name, before, now, ratio, verdict }) => [
      name,
      formatMilliseconds(before),
      formatMilliseconds(now),
      ratio.toFixed(2),
      verdict === 'same' ? '' : `! ${verdict}`,
    ]),
  };
}

/** In which conditions the reports differ, so that nobody reads another machine for another kernel. */
export function differingConditions(before: Report, now: Report): string[] {
  const conditions: [string, string, string][] = [
    ['processor', before.machine.processor, now.machine.processor],
    ['cores', String(before.machine.cores), String(now.machine.cores)],
    ['adapter', before.adapter?.name ?? 'none', now.adapter?.name ?? 'none'],
    ['Node', before.versions.node, now.versions.node],
    ['webgpu', before.versions.webgpu, now.versions.webgpu],
  ];
  return conditions.filter(([, a, b]) => a !== b).map(([name, a, b]) => `${name}: before ${a}, now ${b}`);
}
