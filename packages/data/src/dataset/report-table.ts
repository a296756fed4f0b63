import { desc, from, op } from 'arquero';
import type { Report } from './manifest.ts';

/**
 * A report as text: how many files and voices were kept, how many were dropped for which reason, what was repaired, how many groups of songs are the
 * same music.
 */
export function reportTable(report: Report): string {
  const facts = report.entries.flatMap(({ kept, reason, repairs, voices }) => [
    { subject: 'file', outcome: kept ? 'kept' : `dropped: ${withoutNames(reason ?? '')}` },
    ...Object.values(voices).map((outcome) => ({
      subject: 'voice',
      outcome: outcome === 'kept' ? outcome : `dropped: ${outcome}`,
    })),
    ...repairs.map((repair) => ({ subject: 'repair', outcome: withoutNames(repair) })),
  ]);
  for (const { notes, splits } of report.copies) {
    const where = splits.length === 1 ? `within ${splits[0]}` : `across ${splits.join(' and ')}`;
    facts.push({ subject: 'copies', outcome: `${notes} notes, ${where}` });
  }
  const table = from(facts)
    .groupby('subject', 'outcome')
    .rollup({ count: op.count() })
    .orderby('subject', desc('count'), 'outcome');
  const rows = table.objects() as { subject: string; outcome: string; count: number }[];
  const lines = formatColumns(
    ['', 'outcome', 'count'],
    rows.map(({ subject, outcome, count }) => [subject, outcome, String(count)]),
  );
  const { sounding, kept, keptNaively } = report.voices;
  const share = (voices: number) => `${((100 * voices) / Math.max(1, sounding)).toFixed(1)} %`;
  lines.push(`${kept} of ${sounding} sounding voices kept (${share(kept)})`);
  if (keptNaively !== undefined && report.naiveRules) {
    lines.push(`${keptNaively} (${share(keptNaively)}) under ${report.naiveRules}`);
  }
  return lines.join('\n');
}

/** Columns as wide as their widest entry; the last, a number, is set flush right. */
function formatColumns(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const last = header.length - 1;
  return all.map((row) =>
    row
      .map((cell, column) => (column === last ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join('  '),
  );
}

/** Reasons name bytes, tracks and counts; without them those of one kind fall together. */
function withoutNames(reason: string): string {
  return reason.replace(/ '.*' \(/g, ' (').replace(/\b\d+/g, 'N');
}
