import { DataError, type Dataset, type DatasetSequence, findEncoding, SPLITS, type Split } from '@chipsmith/data';
import { type Checkpoint, type CheckpointName, ModelError, requireEncoding } from '@chipsmith/models';
import { RunFolder } from '@chipsmith/models/node';
import { type Arguments, type Options, text } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';
import { tell } from '../terminal/output.ts';
import { choice, required } from '../terminal/values.ts';
import { datasetOf } from './options.ts';

const NAMES: readonly CheckpointName[] = ['best', 'latest'];

export const checkpointOptions = {
  run: { type: 'string', valueHint: 'folder', description: 'run folder of a trained model' },
  checkpoint: {
    type: 'string',
    valueHint: NAMES.join('|'),
    description: 'best on validation, or the latest (default best)',
  },
} satisfies Options;

/** Which songs a trained model is to be tried on. */
export const splitOptions = {
  data: {
    type: 'string',
    valueHint: 'folder',
    description: 'dataset folder (default: the one the run was trained on)',
  },
  split: { type: 'string', valueHint: SPLITS.join('|'), description: 'which songs (default valid)' },
} satisfies Options;

/** @throws UsageError without --run, ModelError if the checkpoint is missing or damaged */
export async function checkpointOf(args: Arguments): Promise<{ run: RunFolder; checkpoint: Checkpoint }> {
  const name = choice(args, 'checkpoint', NAMES) ?? 'best';
  const run = new RunFolder(required(args, 'run', 'the folder of a trained model'));
  return { run, checkpoint: await run.load(name) };
}

/** A run's checkpoint, and the data it was trained on or other data in the same encoding. */
export async function runAndData(args: Arguments) {
  const { checkpoint, run } = await checkpointOf(args);
  const dataset = await dataOf(run, checkpoint, text(args, 'data'));
  return { checkpoint, dataset };
}

/** The sequences of a split of `runAndData`'s or other data. @throws CommandError if there are none */
export function sequencesOf(args: Arguments, dataset: Dataset, split: Split): readonly DatasetSequence[] {
  const sequences = dataset.sequences(split);
  if (sequences.length > 0) return sequences;
  throw new CommandError(`The split ${split} of ${text(args, 'data') ?? "the run's data"} is empty; use another.`);
}

/**
 * The data that a run was trained on, for music to be compared with; undefined, with a notice, if it cannot be read, such
 * as when it was moved.
 */
export async function trainingData(run: RunFolder, checkpoint: Checkpoint): Promise<Dataset | undefined> {
  try {
    return await dataOf(run, checkpoint);
  } catch (error) {
    if (!(error instanceof DataError || error instanceof ModelError)) throw error;
    tell(`the training songs cannot be read, so that tracks are not compared with them: ${error.message}`);
    return undefined;
  }
}

/** @param place of the data; where the run has it from if left out */
async function dataOf(run: RunFolder, checkpoint: Checkpoint, place?: string): Promise<Dataset> {
  const dataset = await datasetOf(place ?? (await run.dataPlace()), findEncoding(checkpoint.metadata.encoding.name));
  requireEncoding(checkpoint.metadata, dataset.manifest.encoding);
  return dataset;
}
