import {
  bigram,
  type Dataset,
  encodings,
  findEncoding,
  measureMusic,
  SPLITS,
  type Split,
  unigram,
} from '@chipsmith/data';
import { evaluateCheckpoint, findModel, type ModelEvaluation } from '@chipsmith/models';
import { type Likeness, likenessOf, likenessTable } from '../likeness.ts';
import { songFigures } from '../music-figures.ts';
import { type Arguments, type Command, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { percent, print } from '../terminal/output.ts';
import { startProgress } from '../terminal/progress.ts';
import { choice, integer, numbers, seedOf } from '../terminal/values.ts';
import { trainingSongs } from '../training-songs.ts';
import { checkpointOptions, runAndData, sequencesOf, splitOptions } from './checkpoint.ts';
import { requireComposing } from './composing-options.ts';
import { adapterOption, datasetOf, withDevice } from './options.ts';

const BASELINES = ['unigram', 'bigram'] as const;

export const evaluate: Command = {
  name: 'evaluate',
  description: 'Measure how well a model predicts a split of a dataset, or how like it its tracks are.',
  options: {
    ...checkpointOptions,
    ...splitOptions,
    baseline: {
      type: 'string',
      valueHint: BASELINES.join('|'),
      description: 'counts over the train split instead of a model; needs --data or --run, no adapter',
    },
    temperatures: {
      type: 'string',
      valueHint: '0.7,0.9,..',
      description: 'instead, draw tracks at each of these and compare them with the training songs',
    },
    tracks: { type: 'string', valueHint: 'n', description: 'with --temperatures: tracks at each (default 100)' },
    bars: { type: 'string', valueHint: 'n', description: 'with --temperatures: bars of each (default 16)' },
    seed: {
      type: 'string',
      valueHint: 'n',
      description: 'with --temperatures: the same seed, the same tracks (default 1)',
    },
    ...adapterOption,
  },
  examples: [
    ['evaluate --run runs/nes --split valid', 'A trained model'],
    ['evaluate --run runs/nes --temperatures 0.7,0.8,0.9,1', 'At which temperature its tracks are most like the songs'],
    ['evaluate --data nes --baseline bigram', 'What counting pairs of events reaches on the same songs'],
  ],
  async run(args) {
    const unused = (text(args, 'temperatures') === undefined ? ['tracks', 'bars', 'seed'] : ['split', 'baseline']).find(
      (name) => text(args, name) !== undefined,
    );
    if (unused !== undefined) {
      const when = text(args, 'temperatures') === undefined ? 'needs' : 'has no use beside';
      throw new UsageError(`chipsmith evaluate: --${unused} ${when} --temperatures`);
    }
    const temperatures = numbers(args, 'temperatures', { least: 0.01, most: 100 });
    if (temperatures !== undefined) return await compareTracks(args, [...new Set(temperatures)]);
    const split = choice(args, 'split', SPLITS) ?? 'valid';
    const baseline = choice(args, 'baseline', BASELINES);
    const result = baseline === undefined ? await ofModel(args, split) : await ofBaseline(args, baseline, split);
    const { loss, unit, measures, weight } = result;
    const others = Object.entries(measures).map(([name, value]) => `, ${percent(value)} ${name}`);
    const words = `${loss.toFixed(4)} ${unit}${others.join('')}, over ${weight} of ${split}`;
    print(args, { loss, unit, ...measures, weight }, words);
    return 0;
  },
};

/** Draws tracks at several temperatures, and says at which they are most like the songs that the model learnt from. */
async function compareTracks(args: Arguments, temperatures: readonly number[]): Promise<number> {
  const tracks = integer(args, 'tracks', { least: 1, most: 1000 }) ?? 100;
  const bars = integer(args, 'bars', { least: 2, most: 1000 }) ?? 16;
  const seed = seedOf(args) ?? 1;
  const { checkpoint, dataset } = await runAndData(args);
  requireComposing(checkpoint, 'sample', 'temperature');
  const encoding = findEncoding(checkpoint.metadata.encoding.name);
  const results = await interruptible((signal) =>
    withDevice(args, signal, async (device) => {
      const options = { encoding, tracks, bars, seed, signal };
      const songs = trainingSongs(dataset, options).map((song) => measureMusic(song, encoding.voices));
      const likenesses: Likeness[] = [];
      for (const temperature of temperatures) {
        likenesses.push(await likenessOf(device, checkpoint, songs, temperature, options));
      }
      return { songs: songFigures(songs), likenesses };
    }),
  );
  const { songs, likenesses } = results;
  const best = likenesses.reduce((a, b) => (b.distance < a.distance ? b : a));
  const words = `${likenessTable(songs, likenesses)}

Medians of ${tracks} tracks of ${bars} bars, of the voices that the model writes; ↑ and ↓ lie outside the middle 90 % of the
songs. In time: tracks whose notes meet beats and other voices as the songs' do. Distance: mean over the measures of how
differently tracks and songs are distributed (Kolmogorov and Smirnov), 0 alike to 1.
Most like the songs at temperature ${best.temperature}: generate --temperature ${best.temperature}`;
  print(args, { tracks, bars, songs: songs.medians, ranges: songs.ranges, likenesses, best: best.temperature }, words);
  return 0;
}

interface Measured extends ModelEvaluation {
  readonly unit: string;
}

async function ofBaseline(args: Arguments, baseline: (typeof BASELINES)[number], split: Split): Promise<Measured> {
  const count = { unigram, bigram }[baseline];
  const dataset = await countedData(args);
  const { classes } = dataset.manifest.encoding;
  const { nll, accuracy, tokens } = count(dataset.sequences('train'), sequencesOf(args, dataset, split), classes);
  return { loss: nll, unit: 'nats an event', measures: { accuracy }, weight: tokens };
}

/** The data of --run if there is one, else that of --data. */
async function countedData(args: Arguments): Promise<Dataset> {
  if (text(args, 'run') !== undefined) return (await runAndData(args)).dataset;
  const place = text(args, 'data');
  if (place === undefined) throw new UsageError('chipsmith evaluate: --baseline needs --data or --run');
  return datasetOf(place, encodings[0]);
}

async function ofModel(args: Arguments, split: Split): Promise<Measured> {
  const { checkpoint, dataset } = await runAndData(args);
  const sequences = sequencesOf(args, dataset, split);
  const progress = startProgress('evaluating');
  const onProgress = (share: number) => progress.update(share, '');
  try {
    const result = await interruptible((signal) =>
      withDevice(args, signal, (device, onPreparation) =>
        evaluateCheckpoint(device, checkpoint, sequences, { signal, onProgress, onPreparation }),
      ),
    );
    return { ...result, unit: findModel(checkpoint.metadata.model).lossUnit };
  } finally {
    progress.stop();
  }
}
