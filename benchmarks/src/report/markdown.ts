import type { Report } from './results.ts';
import { allSections, conditions } from './sections.ts';
import { markdownTable } from './table.ts';

/** A report as a page: the command, the conditions, the tables. */
export function markdownReport(report: Report): string {
  const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
  const sections = [
    '# Benchmarks',
    'Written by this command; `benchmarks/README.md` says what each row and column means.',
    `    ${report.command}`,
    list(conditions(report)),
    ...allSections(report).flatMap(({ table, notes }) => [
      markdownTable(table),
      ...(notes.length > 0 ? [list(notes)] : []),
    ]),
  ];
  return `${sections.join('\n\n')}\n`;
}
