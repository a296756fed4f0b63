import { findEncoding, type Song, SPLITS, withCount } from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/data/node';
import { compose } from '@chipsmith/models';
import { type Reconstruction, reconstructionPage } from '../page/reconstruction-page.ts';
import { type Command, text } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { percent, print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { choice, integer, required } from '../terminal/values.ts';
import { checkpointOptions, runAndData, splitOptions } from './checkpoint.ts';
import { adapterOption, withDevice } from './options.ts';

export const reconstruct: Command = {
  name: 'reconstruct',
  description: 'Show pieces of a dataset above what an autoencoder gives back of them, on a page.',
  options: {
    ...checkpointOptions,
    ...splitOptions,
    count: { type: 'string', valueHint: 'n', description: 'pieces, the first of the split (default 8)' },
    output: { type: 'string', valueHint: 'file', description: 'page to write, .html (required)' },
    ...adapterOption,
  },
  examples: [
    [
      'reconstruct --run runs/bitmaps --output pieces.html',
      'Eight pieces of the validation split, and what comes back',
    ],
  ],
  async run(args) {
    const output = required(args, 'output', 'the page to write');
    const split = choice(args, 'split', SPLITS) ?? 'valid';
    const count = integer(args, 'count', { least: 1, most: 100 }) ?? 8;
    const { checkpoint, dataset } = await runAndData(args);
    const sequences = dataset.sequences(split).slice(0, count);
    if (sequences.length === 0) {
      throw new CommandError(`The split ${split} of ${text(args, 'data') ?? "the run's data"} is empty; use another.`);
    }
    const encoding = findEncoding(checkpoint.metadata.encoding.name);
    const originals = sequences.map((sequence) => sequence.read());
    const progress = startProgress('reconstructing');
    const pairs = await interruptible(async (signal) => {
      try {
        const requests = originals.map((events, index) => ({ events, seed: index }));
        const length = Math.max(2, ...originals.map((events) => events.length));
        const made = await withDevice(args, signal, (device, onPreparation) =>
          compose(device, checkpoint, 'reconstruct', requests, {
            ...{ encoding, length, signal, onPreparation },
            onProgress: (share) => progress.update(share, ''),
          }),
        );
        return made.map(({ events }, index): Reconstruction & { readonly title: string } => {
          const { path, beatsPerMinute } = sequences[index].song;
          const original = encoding.decode(originals[index], { title: path, beatsPerMinute });
          const reconstructed = encoding.decode(events, { title: `${path}, reconstructed`, beatsPerMinute });
          return { title: path, original, reconstructed, notesKept: shareKept(original, reconstructed) };
        });
      } finally {
        progress.stop();
      }
    });
    const title = `${checkpoint.metadata.model}: ${withCount('# piece(s)', pairs.length)} of ${split}, and what comes back`;
    await writeFileAtomic(output, reconstructionPage(title, pairs));
    const pieces = pairs.map(({ title: piece, notesKept }) => ({ piece, notesKept }));
    const kept = pieces.reduce((sum, { notesKept }) => sum + notesKept, 0) / pieces.length;
    const words = `${withCount('# piece(s)', pieces.length)}: ${percent(kept)} of the notes come back in their places\nSee and hear them: ${output}`;
    print(args, { output, pieces }, words);
    return 0;
  },
};

/**
 * Of a song's pitched notes, the share whose pitch starts in the other one at the same time, whichever voice plays it.
 */
function shareKept(original: Song, reconstructed: Song): number {
  const startsOf = ({ voices: { pulse1, pulse2, triangle } }: Song) =>
    [...pulse1, ...pulse2, ...triangle].map(({ start, pitch }) => `${start} ${pitch}`);
  const there = new Set(startsOf(reconstructed));
  const starts = startsOf(original);
  return starts.filter((start) => there.has(start)).length / Math.max(1, starts.length);
}
