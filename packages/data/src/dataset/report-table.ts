import { desc, from, op } from 'arquero';
import { printable } from '../error.ts';
import { withCount } from '../formats/repairs.ts';
import { byKind } from './kinds.ts';
import type { Report } from './manifest.ts';

/** Something that is told of a file; `file` is empty where it need not be named. */
interface Fact {
  readonly subject: 'copies' | 'file' | 'repair' | 'voice';
  readonly outcome: string;
  readonly file: string;
}

/** Files named below a row; the report has them all. */
const MAX_NAMES = 3;
const MAX_NAME_CHARACTERS = 48;

/**
 * A report as text: how many files and voices were kept, how many were dropped for which reason, what was repaired, how
 * many groups of songs are the same music. Below each kind of trouble stand the first files that had it.
 */
export function reportTable(report: Report): string {
  const table = from(factsOf(report))
    .groupby('subject', 'outcome')
    .rollup({ count: op.count(), files: op.array_agg_distinct('file') })
    .orderby('subject', desc('count'), 'outcome');
  const rows = table.objects() as { subject: string; outcome: string; count: number; files: string[] }[];
  const lines = formatRows([
    { subject: '', outcome: 'outcome', count: 'count', names: '' },
    ...rows.map(({ count, files, ...row }) => ({ ...row, count: String(count), names: someNames(files) })),
  ]);
  const { sounding, kept, keptNaively } = report.voices;
  const share = (voices: number) => `${((100 * voices) / Math.max(1, sounding)).toFixed(1)} %`;
  lines.push(withCount(`${kept} of # sounding voice(s) kept (${share(kept)})`, sounding));
  if (keptNaively !== undefined && report.naiveRules) {
    lines.push(`${keptNaively} (${share(keptNaively)}) under ${report.naiveRules}`);
  }
  return lines.map(printable).join('\n');
}

function factsOf({ entries, copies }: Report): Fact[] {
  const dropped = entries.flatMap(({ path, kept, reason = '' }) => (kept ? [] : { words: reason, file: path }));
  const repairs = entries.flatMap(({ path, repairs }) => repairs.map((words) => ({ words, file: path })));
  const voices = entries.flatMap(({ path, voices }) => Object.values(voices).map((words) => ({ words, file: path })));
  const [kept, droppedVoices] = [true, false].map((isKept) =>
    voices.filter(({ words }) => (words === 'kept') === isKept),
  );
  const groups = copies.map(({ notes, splits, songs }) => {
    const where = splits.length === 1 ? `within ${splits[0]}` : `across ${splits.join(' and ')}`;
    return { words: `${notes} notes, ${where}`, file: songs[0] };
  });
  const keptFact = (subject: Fact['subject']): Fact => ({ subject, outcome: 'kept', file: '' });
  return [
    ...entries.flatMap((entry) => (entry.kept ? keptFact('file') : [])),
    ...inKinds('file', 'dropped: ', dropped),
    ...kept.map(() => keptFact('voice')),
    ...inKinds('voice', 'dropped: ', droppedVoices),
    ...inKinds('repair', '', repairs),
    ...inKinds('copies', '', groups),
  ];
}

function inKinds(
  subject: Fact['subject'],
  before: string,
  sentences: readonly { readonly words: string; readonly file: string }[],
): Fact[] {
  return byKind(sentences, ({ words }) => words).flatMap(({ words, items }) =>
    items.map(({ file }) => ({ subject, outcome: `${before}${words}`, file })),
  );
}

/** Columns as wide as their widest entry, the counts flush right, the names in a line of their own. */
function formatRows(rows: readonly Readonly<Record<'subject' | 'outcome' | 'count' | 'names', string>>[]): string[] {
  const [subjects, outcomes, counts] = (['subject', 'outcome', 'count'] as const).map((column) =>
    Math.max(...rows.map((row) => row[column].length)),
  );
  return rows.flatMap(({ subject, outcome, count, names }) => {
    const row = `${subject.padEnd(subjects)}  ${outcome.padEnd(outcomes)}  ${count.padStart(counts)}`;
    return names === '' ? row : [row, `${' '.repeat(subjects + 4)}${names}`];
  });
}

function someNames(files: readonly string[]): string {
  const named = files.slice(0, MAX_NAMES).map(shortened).join(', ');
  return files.length > MAX_NAMES ? `${named} and ${files.length - MAX_NAMES} more` : named;
}

/** The end of a long path tells more than its beginning. */
function shortened(path: string): string {
  return path.length > MAX_NAME_CHARACTERS ? `…${path.slice(1 - MAX_NAME_CHARACTERS)}` : path;
}
