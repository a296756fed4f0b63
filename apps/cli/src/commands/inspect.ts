import { basename, resolve } from 'node:path';
import { type Dataset, findEncoding, meterOfBar, SPLITS, withCount } from '@chipsmith/data';
import { openDataset, writeFileAtomic } from '@chipsmith/data/node';
import { copiesInWords, inspectDataset, voiceRow } from '../inspection.ts';
import { type DatasetSong, datasetPage } from '../page/dataset-page.ts';
import { formatNumber } from '../page/html.ts';
import { type Command, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { formatTable, percent, print } from '../terminal/output.ts';

export const inspect: Command = {
  name: 'inspect',
  description: 'Show what a dataset holds: what each voice plays, and which songs are the same music.',
  positionals: '<dataset folder>',
  options: {
    html: {
      type: 'string',
      valueHint: 'file',
      description: 'write the same as a page with charts, and songs to see and hear',
    },
  },
  examples: [
    ['inspect my-data', 'Tables'],
    ['inspect my-data --html my-data.html', 'A page with charts and songs, which needs no network'],
  ],
  async run(args) {
    const [folder, ...others] = args._;
    if (folder === undefined || others.length > 0) {
      throw new UsageError('chipsmith inspect: name one dataset folder (--help shows how)');
    }
    const dataset = await openDataset(folder);
    const inspection = inspectDataset(dataset, basename(resolve(folder)));
    const page = text(args, 'html');
    if (page !== undefined) await writeFileAtomic(page, await datasetPage(inspection, songsOf(dataset)));
    const words = inspection.splits.flatMap(({ split, songs, seconds, voices, polyphony, sequences }) => [
      `${split}: ${withCount('# song(s)', songs)}, ${formatNumber(seconds / 60)} minutes`,
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

/** Songs of each split on the page. */
const SHOWN = { train: 4, valid: 1, test: 1 };

/**
 * Some songs of each split, evenly spaced through it: of each the longest sequence, decoded from its events.
 *
 * @throws DataError if the dataset was made with another version of its encoding, or its events have changed
 */
function songsOf(dataset: Dataset): DatasetSong[] {
  const { name, version } = dataset.manifest.encoding;
  const encoding = findEncoding(name, version);
  return SPLITS.flatMap((split) => {
    const longest = new Map<string, DatasetSong['sequence']>();
    for (const sequence of dataset.sequences(split)) {
      const { path } = sequence.song;
      if (sequence.length > (longest.get(path)?.length ?? 0)) longest.set(path, sequence);
    }
    const songs = [...longest.values()];
    const count = Math.min(SHOWN[split], songs.length);
    return Array.from({ length: count }, (_, index) => songs[Math.floor((index * songs.length) / count)]);
  }).map((sequence) => {
    const { bar, song } = sequence;
    const { title, beatsPerMinute } = song;
    return { sequence, song: encoding.decode(sequence.read(), { title, beatsPerMinute, meter: meterOfBar(bar) }) };
  });
}
