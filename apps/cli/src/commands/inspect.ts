import { basename, resolve } from 'node:path';
import { openDataset } from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/models';
import { copiesInWords, inspectDataset, percent, voiceRow } from '../inspection.ts';
import { datasetPage } from '../page/dataset-page.ts';
import { formatNumber } from '../page/html.ts';
import { type Command, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { formatTable, print } from '../terminal/output.ts';

export const inspect: Command = {
  name: 'inspect',
  description: 'Show what a dataset holds: what each voice plays, and which songs are the same music.',
  positionals: '<dataset folder>',
  options: {
    html: { type: 'string', valueHint: 'file', description: 'write the same as a page with charts' },
  },
  examples: [
    ['inspect my-data', 'Tables'],
    ['inspect my-data --html my-data.html', 'A page with charts, which needs no network'],
  ],
  async run(args) {
    const [folder, ...others] = args._;
    if (folder === undefined || others.length > 0) {
      throw new UsageError('chipsmith inspect: name one dataset folder (--help shows how)');
    }
    const inspection = inspectDataset(await openDataset(folder), basename(resolve(folder)));
    const page = text(args, 'html');
    if (page !== undefined) await writeFileAtomic(page, await datasetPage(inspection));
    const words = inspection.splits.flatMap(({ split, songs, seconds, voices, polyphony, sequences }) => [
      `${split}: ${songs} songs, ${formatNumber(seconds / 60)} minutes`,
      formatTable(voices.map(voiceRow)),
      `voices sounding at once: ${polyphony.map((share, count) => `${count} ${percent(share)}`).join(', ')}`,
      formatTable(sequences.map((row) => ({ ...row, 'bits an event': row['bits an event'].toFixed(3) }))),
      '',
    ]);
    words.push(...copiesInWords(inspection.copies));
    if (page !== undefined) words.push(`Page written to ${page}.`);
    print(
      args,
      { ...inspection, splits: inspection.splits.map(({ counts, ...split }) => split), page },
      words.join('\n'),
    );
    return 0;
  },
};
