import type { Report } from './results.ts';
import {
  composingTable,
  growthTable,
  hostTable,
  memoryTable,
  peerFailures,
  peerTable,
  spreadTable,
  type Table,
  timeTable,
  waitingTable,
} from './table.ts';

/** A part of a report: a table, and lines below it. */
export interface Section {
  readonly table: Table;
  readonly notes: readonly string[];
}

/** What a report says, in short: what fits a terminal. */
export function shortSections({ results, host, growth, waiting, composing }: Report): Section[] {
  return filled([
    { table: timeTable(results), notes: [] },
    { table: peerTable(results), notes: peerFailures(results) },
    { table: hostTable(host), notes: [] },
    { table: growthTable(growth), notes: [] },
    { table: waitingTable(waiting), notes: [] },
    { table: composingTable(composing), notes: [] },
  ]);
}

/** The whole report, for a page. */
export function allSections(report: Report): Section[] {
  const { results } = report;
  return filled([
    ...shortSections(report),
    { table: spreadTable(results), notes: [] },
    { table: memoryTable(results), notes: [] },
  ]);
}

function filled(sections: readonly Section[]): Section[] {
  return sections.filter(({ table }) => table.rows.length > 0);
}

/** Where and how a report was measured, one line each. */
export function conditions({ date, machine, adapter, versions, load }: Report): string[] {
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(0);
  const peers = Object.entries(versions.peers).map(([name, version]) => `, ${name} ${version}`);
  return [
    `Date: ${date.slice(0, 10)}${versions.commit === undefined ? '' : `, commit ${versions.commit}`}`,
    `Machine: ${machine.processor}, ${machine.cores} cores, ${memory} GiB, ${machine.system}`,
    `Load average: ${load.start.toFixed(2)} at the start, ${load.end.toFixed(2)} at the end (the run itself included)`,
    ...(adapter === undefined ? [] : [`Adapter: ${adapter.name}${adapter.software ? ' (computes on the CPU)' : ''}`]),
    `Versions: Node ${versions.node}, webgpu ${versions.webgpu}${peers.join('')}`,
  ];
}
