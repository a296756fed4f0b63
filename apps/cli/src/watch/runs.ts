import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DataError } from '@chipsmith/data';
import { fileError } from '@chipsmith/data/node';
import { findModel, ModelError } from '@chipsmith/models';
import { RunRecord } from '@chipsmith/models/node';
import { CommandError } from '../terminal/errors.ts';
import type { RunState } from './messages.ts';

/** Runs by what they are called. */
export type Runs = ReadonlyMap<string, RunRecord>;

/**
 * The run in a folder, or all runs in the folders of a folder.
 *
 * @throws CommandError if there are none; DataError if the folder cannot be read
 */
export async function runsIn(folder: string): Promise<Runs> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, error);
  });
  const single = new RunRecord(folder);
  if (await isRun(single)) return new Map([[basename(resolve(folder)), single]]);
  const runs = new Map<string, RunRecord>();
  for (const name of names.sort()) {
    const record = new RunRecord(join(folder, name));
    if (await isRun(record)) runs.set(name, record);
  }
  if (runs.size > 0) return runs;
  throw new CommandError(`${folder}: holds no run; name a folder that train wrote, or one with several of them.`);
}

/** Whatever cannot be read as a run, such as a file, is none. */
async function isRun(record: RunRecord): Promise<boolean> {
  return (await stateOf('', record)) !== undefined;
}

/** What there is to see of a run but its curves; undefined if it is not there, or of another version. */
export async function stateOf(name: string, record: RunRecord): Promise<RunState | undefined> {
  try {
    const { model, ...facts } = await record.facts();
    const { lossUnit, units } = findModel(model);
    return { name, model, lossUnit, units, ...facts };
  } catch (error) {
    if (error instanceof ModelError || error instanceof DataError) return undefined;
    throw error;
  }
}

/** How far a run is. @throws ModelError or DataError if it cannot be read */
export async function snapshotOf(name: string, record: RunRecord) {
  const { previews, ...facts } = await record.facts();
  const { lines } = await record.metrics();
  const validations = lines.flatMap(({ step, valid }) => (valid ? [{ step, loss: valid.loss }] : []));
  const [best = null] = validations.toSorted((a, b) => a.loss - b.loss);
  return { name, folder: record.path, ...facts, last: lines.at(-1) ?? null, best, previews };
}
