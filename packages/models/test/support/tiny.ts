import { type Dataset, datasetFromSongs, type Encoding, melodyEncoding } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import {
  type Checkpoint,
  configure,
  findModel,
  type ModelDefinition,
  type ModelSettings,
  type TrainOptions,
  traineeOf,
} from '../../src/index.ts';
import { RunFolder, threadedBatches } from '../../src/node.ts';
import { startingState } from '../../src/training/trainee.ts';

export const basicRnn = findModel('basic-rnn');

/** One layer of 8 units without dropout: 38 * 32 + 8 * 32 + 32 + 8 * 38 + 38 = 1,846 parameters. */
export const tinySettings = configure(basicRnn, { layers: [8], dropout: 0, optimiser: { learningRate: 0.03 } });

/** Two bars of C major, struck anew at each step, from one of its degrees upwards. */
export function tinyMelody(start: number, length = 32): number[] {
  const scale = [14, 16, 18, 19, 21, 23, 25];
  return Array.from({ length }, (_, step) => scale[(start + step) % scale.length]);
}

/** Songs whose melodies are known: `count` of them, at most 7 different ones, of which a third is for validation. */
export function tinyDataset(count = 6, melody = tinyMelody): Dataset {
  const songs = Array.from({ length: count }, (_, index) =>
    melodyEncoding.decode(melody(index), { title: `song ${index}`, beatsPerMinute: 100 + index }),
  );
  return datasetFromSongs(songs, melodyEncoding, { validShare: 0.34 });
}

/** Songs of two to six bars. */
export function mixedDataset(): Dataset {
  return tinyDataset(7, (start) => tinyMelody(start, [32, 48, 64, 96][start % 4]));
}

export function tinyOptions(device: Device, folder: string): TrainOptions & { readonly folder: string } {
  return {
    device,
    definition: basicRnn,
    settings: tinySettings,
    dataset: tinyDataset(),
    dataPlace: 'songs',
    folder,
    store: new RunFolder(folder),
    batchSource: threadedBatches,
    resume: false,
    batch: 4,
    length: 8,
    steps: 6,
    seed: 1,
    validateEvery: 3,
    validTokens: 1000,
    patience: 0,
  };
}

/** A checkpoint of an untrained Basic RNN. */
export function freshCheckpoint(settings: ModelSettings = tinySettings, seed = 1): Checkpoint {
  return untrainedCheckpoint(basicRnn, settings, melodyEncoding, {
    seed,
    firstEvents: Array.from({ length: melodyEncoding.classes }, (_, event) => (event >= 14 && event < 26 ? 1 : 0)),
  });
}

/**
 * A checkpoint of an untrained model.
 *
 * @param options `firstEvents`: for each class, how often sequences start with it; `facts` about training data
 */
export function untrainedCheckpoint(
  definition: ModelDefinition,
  settings: ModelSettings,
  encoding: Encoding,
  options: {
    readonly seed: number;
    readonly firstEvents: readonly number[];
    readonly facts?: Readonly<Record<string, number>> | undefined;
  },
): Checkpoint {
  const { seed, firstEvents, facts = {} } = options;
  const { name, version, classes, stepsPerBar } = encoding;
  const trainee = traineeOf(definition, settings, encoding);
  const { model } = trainee;
  return {
    metadata: {
      format: 'chipsmith-checkpoint',
      formatVersion: 2,
      model: definition.name,
      configuration: { ...settings },
      encoding: { name, version, classes, stepsPerBar },
      dataFingerprint: 'none',
      firstEvents: [...firstEvents],
      facts: { ...facts },
      beatsPerMinute: 120,
      training: {
        ...{ seed, batch: 4, length: 8, microBatch: 4, recompute: [], budget: null, augmentation: null },
        ...{ step: 0, best: null, baseline: null },
      },
    },
    settings,
    model,
    state: startingState(trainee, seed),
  };
}
