import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileError, isMissing } from '@chipsmith/data/node';
import { ModelError } from '../error.ts';
import type { StartingPoint } from '../training/fine-tuning.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { RunFolder } from './run-folder.ts';

/**
 * Where a training can start: the best checkpoint of a run's folder, or a checkpoint file. It is named by the last word
 * of its path.
 *
 * @throws ModelError if there is none, or it is damaged; DataError if it cannot be read
 */
export async function startingPointAt(place: string): Promise<StartingPoint> {
  const entry = await stat(place).catch((error: unknown) => {
    if (!isMissing(error)) throw fileError(place, error);
    throw new ModelError(`${place}: there is no such run or checkpoint; ${REMEDY}.`, { cause: error });
  });
  const checkpoint = entry.isDirectory()
    ? await new RunFolder(place).load('best', REMEDY)
    : await readCheckpoint(place, REMEDY);
  return { name: basename(resolve(place)), checkpoint };
}

const REMEDY = 'name the folder of a trained run, or a checkpoint file';
