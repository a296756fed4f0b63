import {
  type DatasetSequence,
  findEncoding,
  type Meter,
  meterOfBar,
  type Song,
  SPLITS,
  withCount,
} from '@chipsmith/data';
import { writeFileAtomic } from '@chipsmith/data/node';
import { compose, type Task } from '@chipsmith/models';
import { type Reconstruction, reconstructionPage } from '../page/reconstruction-page.ts';
import { type Command, type Options, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { percent, print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { choice, integer, required } from '../terminal/values.ts';
import { requireWritableFile } from '../writable.ts';
import { checkpointOptions, runAndData, sequencesOf, splitOptions } from './checkpoint.ts';
import { checkComposing, composingOptions, composingSections, givenComposing } from './composing-options.ts';
import { pieceNamed } from './given-music.ts';
import { adapterOption, withDevice } from './options.ts';

const TASKS: readonly Task[] = ['reconstruct'];

const ownOptions = {
  ...checkpointOptions,
  ...splitOptions,
  count: { type: 'string', valueHint: 'n', description: 'pieces, the first of the split (default 8)' },
  output: { type: 'string', valueHint: 'file', description: 'page to write, .html (required)' },
  ...adapterOption,
} satisfies Options;

export const reconstruct: Command = {
  name: 'reconstruct',
  description:
    'Show pieces above what an autoencoder gives back of them, on a page: files of music, songs of the data by their names or parts of them, or else the first of a split.',
  positionals: '[<piece> ...]',
  get options() {
    return { ...ownOptions, ...composingOptions(TASKS) };
  },
  helpSections: () => composingSections(ownOptions, TASKS),
  examples: [
    [
      'reconstruct --run runs/bitmaps --output pieces.html',
      'Eight pieces of the validation split, and what comes back',
    ],
    ['reconstruct --run runs/bitmaps mine.mid --output mine.html', 'Your own'],
  ],
  async run(args) {
    const output = required(args, 'output', 'the page to write');
    const split = choice(args, 'split', SPLITS) ?? 'valid';
    const count = integer(args, 'count', { least: 1, most: 100 }) ?? 8;
    if (args._.length > 0 && (text(args, 'split') ?? text(args, 'count')) !== undefined) {
      throw new UsageError('chipsmith reconstruct: name pieces, or choose them by --split and --count, not both');
    }
    checkComposing(args, TASKS);
    await requireWritableFile(output);
    const { checkpoint, dataset } = await runAndData(args);
    const settings = givenComposing(args, checkpoint, 'reconstruct');
    const encoding = findEncoding(checkpoint.metadata.encoding.name);
    const source = { encoding, data: dataset };
    const pieces: readonly ShownPiece[] =
      args._.length === 0
        ? piecesOf(sequencesOf(args, dataset, split), count)
        : await Promise.all(args._.map((name) => pieceNamed(name, source)));
    const progress = startProgress('reconstructing');
    const pairs = await interruptible(async (signal) => {
      try {
        const requests = pieces.map(({ events }, index) => ({ events, seed: index }));
        const length = Math.max(2, ...pieces.map(({ events }) => events.length));
        const made = await withDevice(args, signal, (device, onPreparation) =>
          compose(device, checkpoint, 'reconstruct', requests, {
            ...{ encoding, length, settings, signal, onPreparation },
            onProgress: (share) => progress.update(share, ''),
          }),
        );
        return made.map(({ events }, index): Reconstruction & { readonly title: string } => {
          const { name: title, events: given, beatsPerMinute = 120, transposition = 0, meter } = pieces[index];
          const key = { beatsPerMinute, transposition, meter };
          const original = encoding.decode(given, { title, ...key });
          const reconstructed = encoding.decode(events, { title: `${title}, reconstructed`, ...key });
          // Equally long, so that what sounds at one time stands below it.
          const duration = Math.max(original.duration, reconstructed.duration);
          const pair = { original: { ...original, duration }, reconstructed: { ...reconstructed, duration } };
          return { title, ...pair, notesKept: shareKept(original, reconstructed) };
        });
      } finally {
        progress.stop();
      }
    });
    const which = args._.length === 0 ? ` of ${split}` : '';
    const title = `${checkpoint.metadata.model}: ${withCount('# piece(s)', pairs.length)}${which}, and what comes back`;
    await writeFileAtomic(output, reconstructionPage(title, pairs));
    const shares = pairs.map(({ title: piece, notesKept }) => ({ piece, notesKept }));
    const kept = shares.reduce((sum, { notesKept }) => sum + notesKept, 0) / shares.length;
    const words = `${withCount('# piece(s)', shares.length)}: ${percent(kept)} of the notes come back in their places\nSee and hear them: ${output}`;
    print(args, { output, pieces: shares }, words);
    return 0;
  },
};

/** A piece and how it is decoded. */
interface ShownPiece {
  readonly name: string;
  readonly events: Uint16Array;
  readonly beatsPerMinute?: number;
  readonly transposition?: number;
  readonly meter?: Pick<Meter, 'beats' | 'unit'> | undefined;
}

/** The first of the sequences. */
function piecesOf(sequences: readonly DatasetSequence[], count: number): ShownPiece[] {
  return sequences.slice(0, count).map(({ song: { path, beatsPerMinute }, bar, read }) => {
    return { name: path, events: read(), beatsPerMinute, meter: meterOfBar(bar) };
  });
}

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
