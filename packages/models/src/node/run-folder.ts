import { existsSync } from 'node:fs';
import { appendFile, lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DataError, parseJson } from '@chipsmith/data';
import { fileError, isMissing, isSystemError, isTemporary, PARTIAL_NAME, writeFileAtomic } from '@chipsmith/data/node';
import { z } from 'zod';
import { type Checkpoint, encodeCheckpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import type { CheckpointName, Metrics, RunStart, RunStore } from '../training/run-store.ts';
import { readCheckpoint } from './checkpoint-file.ts';
import { EventFile } from './event-file.ts';
import { RunLock } from './run-lock.ts';
import {
  isRunConfig,
  MAX_CONFIG_BYTES,
  MAX_METRICS_BYTES,
  MOVE_AWAY,
  metricsLines,
  previewStep,
  readText,
} from './run-record.ts';

export interface RunFolderOptions {
  /** Whether metrics are written for TensorBoard too. */
  readonly tensorBoard?: boolean | undefined;
}

/**
 * The folder of one training run:
 *
 *     config.json               settings, for people, and where the data is
 *     device.json               the device of the last training, and what it takes of its memory
 *     metrics.jsonl             one line a logged step
 *     checkpoints/latest.safetensors, best.safetensors
 *     previews/step-<n>         music that training made as it went
 *     tensorboard               the metrics as an event file, if wanted
 *     lock                      while a process trains here
 */
export class RunFolder implements RunStore {
  readonly path: string;
  readonly #lock: RunLock;
  readonly #tensorBoard: boolean;
  #events: EventFile | undefined;

  constructor(path: string, { tensorBoard = false }: RunFolderOptions = {}) {
    this.path = path;
    this.#tensorBoard = tensorBoard;
    this.#lock = new RunLock(join(path, LOCK));
  }

  get place(): string {
    return this.path;
  }

  /**
   * Keeps other processes from training here until `unlock`. A folder that is not there is not locked: it has no
   * checkpoint either, which says more.
   *
   * @throws ModelError if one does; DataError if the folder cannot be used
   */
  async lock(): Promise<void> {
    if (existsSync(this.path)) await this.#lock.take();
  }

  /** Does nothing where `lock` was not called or did not succeed. */
  unlock(): Promise<void> {
    return this.#lock.release();
  }

  /**
   * Makes sure that a run can start here. What was left by one that could not write its first checkpoint, or was killed
   * before, counts as nothing.
   *
   * @throws ModelError if there is something else in the folder, so that no run is written over another
   */
  async requireEmpty(): Promise<void> {
    for (const name of await entriesOf(this.path)) {
      if (await this.#isLeftover(name)) continue;
      const canGoOn = (await entriesOf(this.#checkpoints)).includes(fileOf('latest'));
      throw new ModelError(
        canGoOn
          ? `${this.path}: the folder is not empty; go on with --resume or choose another --run folder.`
          : `${this.path}: holds ${name}, and no checkpoint to go on from; empty it or choose another --run folder.`,
      );
    }
  }

  /**
   * Starts a run, and locks its folder. The checkpoints' folder comes last and whole: with it the run is there and can
   * be resumed, whenever it is killed; until then there is none.
   *
   * @param config as `train` keeps it: the checkpoint's metadata, and where the data is
   * @throws ModelError if the folder is not empty, DataError if it cannot be written; it is then as it was
   */
  async create(config: object, start: Checkpoint): Promise<void> {
    await this.requireEmpty();
    let isNew = false;
    let isOurs = false;
    try {
      isNew = await makeFolder(this.path);
      await this.lock();
      // Another process may have been faster.
      await this.requireEmpty();
      isOurs = true;
      await this.#clear();
      await writeFileAtomic(this.#config, `${JSON.stringify(config, undefined, 2)}\n`);
      const partial = `${this.#checkpoints}.partial-${process.pid}`;
      await mkdir(partial);
      await writeFileAtomic(join(partial, fileOf('latest')), encodeCheckpoint(start));
      await rename(partial, this.#checkpoints);
    } catch (error) {
      if (isOurs) await this.#clear();
      await this.unlock();
      if (isNew && (await entriesOf(this.path)).length === 0) await rmdir(this.path);
      // Files under the names they have until they are whole say nothing to anybody.
      const reason = error instanceof DataError ? error.cause : error;
      throw isSystemError(reason) ? fileError(this.path, reason) : error;
    }
  }

  /** Takes away what a run that never was has left. */
  async #clear(): Promise<void> {
    for (const name of await entriesOf(this.path)) {
      if (name !== LOCK) await rm(join(this.path, name), { recursive: true, force: true });
    }
  }

  /** Whether an entry of the folder is of a run that has no checkpoint yet. */
  async #isLeftover(name: string): Promise<boolean> {
    if (name === LOCK || PARTIAL_NAME.test(name)) return true;
    if (name === 'checkpoints') return (await entriesOf(this.#checkpoints)).every((file) => PARTIAL_NAME.test(file));
    if (name !== 'config.json' || (await entriesOf(this.#checkpoints)).some((file) => !PARTIAL_NAME.test(file)))
      return false;
    return isRunConfig(await readText(this.#config, MAX_CONFIG_BYTES));
  }

  /**
   * Where the data of the run was when it started.
   *
   * @throws ModelError if config.json does not say, DataError if it cannot be read
   */
  async dataPlace(): Promise<string> {
    const config = z
      .looseObject({ data: z.string() })
      .safeParse(parseJson(await readText(this.#config, MAX_CONFIG_BYTES)));
    if (!config.success) {
      throw new ModelError(
        `${this.#config}: does not say where the data is; put the file right, or name the data with --data (train, evaluate).`,
      );
    }
    return config.data.data;
  }

  /**
   * Writes each file in one piece: until it is whole, the one before stays.
   *
   * @throws DataError if it cannot be written
   */
  async save(names: readonly CheckpointName[], checkpoint: Checkpoint): Promise<void> {
    const bytes = encodeCheckpoint(checkpoint);
    for (const name of names) await writeFileAtomic(this.#checkpoint(name), bytes);
  }

  /**
   * @param remedy what to do where there is none
   * @throws ModelError if the run has no such checkpoint or it is damaged
   */
  async load(name: CheckpointName, remedy = 'train there first, or check --run'): Promise<Checkpoint> {
    const path = this.#checkpoint(name);
    try {
      return await readCheckpoint(path, MOVE_AWAY);
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new ModelError(`${this.path}: has no checkpoint "${name}"; ${remedy}.`);
    }
  }

  /** Notes device and memory. An event file for TensorBoard starts anew, with all metrics so far. */
  async begin(start: RunStart): Promise<void> {
    await writeFileAtomic(join(this.path, 'device.json'), `${JSON.stringify(start, undefined, 2)}\n`);
    if (!this.#tensorBoard) return;
    const folder = join(this.path, 'tensorboard');
    await makeFolder(folder);
    this.#events = await EventFile.create(folder, metricsLines(await this.#metricsText()));
  }

  /** Adds a line to metrics.jsonl. @throws DataError if it cannot be written */
  async log(metrics: Metrics): Promise<void> {
    try {
      await appendFile(this.#metrics, `${JSON.stringify(metrics)}\n`);
    } catch (error) {
      throw fileError(this.#metrics, error);
    }
    await this.#events?.append(metrics);
  }

  /** The folder for the music that training made at a step. */
  previewFolder(step: number): string {
    return join(this.#previews, `step-${step}`);
  }

  /**
   * Goes back to a step, before a run goes on from its checkpoint: drops the lines of metrics after it, so that none
   * tells of a step twice, the previews after it, and the files that a killed process was writing.
   */
  async rewind(step: number): Promise<void> {
    for (const folder of [this.path, this.#checkpoints]) {
      const partial = (await entriesOf(folder)).filter((name) => PARTIAL_NAME.test(name));
      for (const name of partial) await rm(join(folder, name), { force: true });
    }
    for (const name of await entriesOf(this.#previews)) {
      const isLater = (previewStep(name) ?? 0) > step;
      if (isLater || isTemporary(name)) await rm(join(this.#previews, name), { recursive: true, force: true });
    }
    // A killed process may leave half a line at the end: without its newline it is dropped too.
    const lines = (await this.#metricsText()).split('\n').slice(0, -1);
    const kept = lines.filter((line) => stepOf(line) <= step);
    await writeFileAtomic(this.#metrics, kept.map((line) => `${line}\n`).join(''));
  }

  /** All of metrics.jsonl; nothing where there is none yet. */
  async #metricsText(): Promise<string> {
    try {
      return await readText(this.#metrics, MAX_METRICS_BYTES);
    } catch (error) {
      if (isMissing(error)) return '';
      throw error;
    }
  }

  get #metrics(): string {
    return join(this.path, 'metrics.jsonl');
  }

  get #config(): string {
    return join(this.path, 'config.json');
  }

  get #checkpoints(): string {
    return join(this.path, 'checkpoints');
  }

  get #previews(): string {
    return join(this.path, 'previews');
  }

  #checkpoint(name: CheckpointName): string {
    return join(this.#checkpoints, fileOf(name));
  }
}

function fileOf(name: CheckpointName): string {
  return `${name}.safetensors`;
}

/** The file of the lock in a run's folder. */
const LOCK = 'lock';

/**
 * Makes a folder, and those that it stands in, where they are missing. Node's own `recursive` says of a read-only place
 * that it is not there.
 *
 * @returns whether it was missing
 */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (isSystemError(error) && error.code === 'EEXIST') return false;
    if (!isMissing(error)) throw error;
  }
  await makeFolder(dirname(path));
  await mkdir(path);
  return true;
}

/**
 * Names in a folder; none if there is no such folder.
 *
 * @throws DataError if it cannot be read, ModelError if it is a link to nothing
 */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (!isMissing(error)) throw fileError(folder, error);
    const link = await lstat(folder).catch((reason: unknown) => {
      if (isMissing(reason)) return undefined;
      throw fileError(folder, reason);
    });
    if (link === undefined) return [];
    throw new ModelError(`${folder}: is a link to a place that is not there; make that folder, or remove the link.`);
  }
}

/** The step of a line of metrics; lines that cannot be read belong nowhere. */
function stepOf(line: string): number {
  const metrics = z.looseObject({ step: z.int() }).safeParse(parseJson(line));
  return metrics.success ? metrics.data.step : Number.POSITIVE_INFINITY;
}
