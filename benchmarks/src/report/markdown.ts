import type { Report } from './results.ts';
import { markdownTable, memoryTable, timeTable } from './table.ts';

/** A report as a page: the command, the conditions, the tables. */
export function markdownReport(report: Report): string {
  const { command, date, machine, adapter, versions, load, results } = report;
  const memory = memoryTable(results);
  const conditions = [
    `Date: ${date.slice(0, 10)}${versions.commit === undefined ? '' : `, commit ${versions.commit}`}`,
    `Machine: ${machine.processor}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB, ${machine.system}`,
    `Load average: ${load.start.toFixed(2)} at the start, ${load.end.toFixed(2)} at the end (the run itself included)`,
    ...(adapter === undefined ? [] : [`Adapter: ${adapter.name}${adapter.software ? ' (computes on the CPU)' : ''}`]),
    `Versions: Node ${versions.node}, webgpu ${versions.webgpu}`,
  ];
  const sections = [
    '# Benchmarks',
    'Written by this command; `benchmarks/README.md` says what each row and column means.',
    `    ${command}`,
    conditions.map((condition) => `- ${condition}`).join('\n'),
    markdownTable(timeTable(results)),
    ...(memory.rows.length > 0 ? [markdownTable(memory)] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}
