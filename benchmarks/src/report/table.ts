import { MEMORY_CATEGORIES, totalBytes } from '@chipsmith/kernels';
import { PEER_TITLES, PEERS } from '../peers/names.ts';
import type { Composing, Growth, HostCost, PeerResult, Result, Share, Waiting } from './results.ts';

/** A head and rows of the same length; the first column is text, the others are figures. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Time, throughput, share of the adapter's limit and memory of each result, in less than 100 columns. */
export function timeTable(results: readonly Result[]): Table {
  return withoutEmptyColumns({
    head: ['benchmark', 'median', 'throughput', '', 'of limit', 'memory', 'goal'],
    rows: results.map(({ name, wall, rates: [first, second], share, memory, goal, bounds }) => [
      name,
      formatMilliseconds(wall.median),
      formatRate(second ?? first),
      second === undefined ? '' : formatRate(first),
      share === undefined ? '' : formatShare(share),
      memory === undefined ? '' : `${formatNumber(totalBytes(memory.predicted) / 2 ** 20)} MiB`,
      formatGoal({ share, goal, bounds }),
    ]),
  });
}

/** Whether a row reaches its goal; where it does not, how much of its time launches and memory explain. */
function formatGoal({ share, goal, bounds }: Pick<Result, 'share' | 'goal' | 'bounds'>): string {
  if (goal === undefined || share === undefined) return '';
  const percent = (value: number) => `${Math.round(100 * value)} %`;
  if (share.value >= goal) return percent(goal);
  const reasons =
    bounds === undefined ? '' : `: ${percent(bounds.launching)} launching, ${percent(bounds.memory)} memory`;
  return `below ${percent(goal)}${reasons}`;
}

/** What the table above leaves out: the fastest round and processor time. */
export function spreadTable(results: readonly Result[]): Table {
  return {
    head: ['benchmark', 'median', 'minimum', 'CPU', 'rounds'],
    rows: results.map(({ name, wall, cpu, rounds }) => [
      name,
      formatMilliseconds(wall.median),
      formatMilliseconds(wall.minimum),
      formatMilliseconds(cpu.median),
      String(rounds),
    ]),
  };
}

/** A result in one line, as soon as it is there. */
export function resultLine({ name, wall, share, goal, bounds, peers = [] }: Result): string {
  const parts = [
    `${name}: ${formatMilliseconds(wall.median)}`,
    ...(share === undefined ? [] : [formatShare(share)]),
    ...(share !== undefined && goal !== undefined && share.value < goal ? [formatGoal({ share, goal, bounds })] : []),
    ...peers.map((result) => `${PEER_TITLES[result.peer]} ${formatPeer(result)}`),
  ];
  return parts.join(', ');
}

/** How many times as long each peer takes; where it has no figure, why. */
export function peerTable(results: readonly Result[]): Table {
  const compared = results.filter(({ peers = [] }) => peers.length > 0);
  const names = PEERS.filter((name) => compared.some(({ peers = [] }) => peers.some(({ peer }) => peer === name)));
  return {
    head: ['times as long as ours', ...names.map((name) => PEER_TITLES[name])],
    rows: compared.map(({ name, peers = [] }) => [
      name,
      ...names.map((column) => {
        const result = peers.find(({ peer }) => peer === column);
        return result === undefined ? '' : formatPeer(result);
      }),
    ]),
  };
}

/** One line for each cell of `peerTable` that has no figure. */
export function peerFailures(results: readonly Result[]): string[] {
  return results.flatMap(({ name, peers = [] }) =>
    peers.flatMap((result) =>
      'failure' in result ? [`${PEER_TITLES[result.peer]}, ${name}: ${result.failure}, ${result.detail}`] : [],
    ),
  );
}

export function hostTable(costs: readonly HostCost[]): Table {
  return {
    head: ['JavaScript of a replayed step', 'dispatches', 'a dispatch', 'heap growth a run'],
    rows: costs.map(({ name, dispatches, microsecondsPerDispatch, heapBytesPerRun }) => [
      name,
      String(dispatches),
      `${microsecondsPerDispatch.toFixed(2)} us`,
      `${Math.round(heapBytesPerRun)} bytes`,
    ]),
  };
}

export function growthTable(growth: readonly Growth[]): Table {
  return {
    head: ['planned memory of attention', 'besides inputs', 'a position', 'scores alone, L x L'],
    rows: growth.map(({ length, bytes, scoreBytes }) => [
      `length ${length}`,
      `${formatMebibytes(bytes)} MiB`,
      `${(bytes / length / 1024).toFixed(1)} KiB`,
      `${formatMebibytes(scoreBytes)} MiB`,
    ]),
  };
}

export function waitingTable(waiting: readonly Waiting[]): Table {
  return {
    head: ['training waits for data', 'a step takes', 'and waits', 'share waited'],
    rows: waiting.map(({ name, stepMilliseconds, waitedShare, millisecondsWaited }) => [
      name,
      `${stepMilliseconds} ms`,
      `${millisecondsWaited.toFixed(3)} ms`,
      `${(100 * waitedShare).toFixed(2)} %`,
    ]),
  };
}

export function composingTable(composing: readonly Composing[]): Table {
  return {
    head: ['composing side by side', 'in one batch', 'one after another', 'times as fast'],
    rows: composing.map(({ name, millisecondsTogether, millisecondsInTurn, timesAsFast }) => [
      name,
      `${(millisecondsTogether / 1000).toFixed(2)} s`,
      `${(millisecondsInTurn / 1000).toFixed(2)} s`,
      timesAsFast.toFixed(1),
    ]),
  };
}

/** Device memory of each result that has some, by category as planned, and what the device allocated in all. */
export function memoryTable(results: readonly Result[]): Table {
  const rows = results.flatMap(({ name, memory }) => {
    if (memory === undefined) return [];
    const { predicted, allocated } = memory;
    const byCategory = MEMORY_CATEGORIES.map((category) => formatMebibytes(predicted[category]));
    const totals = [predicted, allocated].map((bytes) => formatMebibytes(totalBytes(bytes)));
    return [[name, ...byCategory, ...totals]];
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

function formatRate({ value, unit }: Result['rates'][number]): string {
  return `${formatNumber(value)} ${unit}`;
}

function formatShare({ of, value }: Share): string {
  return `${(value * 100).toFixed(1)} % ${of}`;
}

function formatPeer(result: PeerResult): string {
  return 'failure' in result ? result.failure : `${formatNumber(result.ratio.median)} x`;
}

function formatMebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
