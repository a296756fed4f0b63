import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import { fileError, PARTIAL_NAME, writeFileAtomic } from '../files.ts';
import { parseJson } from '../json.ts';
import { RunLock } from './run-lock.ts';

/** A line of metrics.jsonl: what the steps since the line before gave, and the validation where there was one. */
export interface Metrics {
  readonly step: number;
  /** Mean training loss since the line before, in nats an event. */
  readonly loss: number;
  /** Global norm of the last step's gradients before clipping. */
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
  /** Share of the time, 0..1, in which training waited for data. */
  readonly waited: number;
  /** On the valid split, in nats an event. */
  readonly validNll?: number;
  readonly validAccuracy?: number;
}

/** Which checkpoint: `latest` to go on with training, `best` (lowest validation loss) to make music with. */
export type CheckpointName = 'latest' | 'best';

/**
 * The folder of one training run:
 *
 *     config.json               settings, for people, and where the data is
 *     metrics.jsonl             one line a logged step
 *     checkpoints/latest.safetensors, best.safetensors
 *     lock                      while a process trains here
 */
export class RunFolder {
  readonly path: string;
  readonly #lock: RunLock;

  constructor(path: string) {
    this.path = path;
    this.#lock = new RunLock(join(path, LOCK));
  }

  /** Keeps other processes from training here until `unlock`. @throws ModelError if one does, or the folder cannot be used */
  lock(): Promise<void> {
    return this.#lock.take();
  }

  /** Does nothing where `lock` was not called or did not succeed. */
  unlock(): Promise<void> {
    return this.#lock.release();
  }

  /** @throws ModelError if there is something in the folder, so that no run is written over another */
  async requireEmpty(): Promise<void> {
    if ((await entriesOf(this.path)).every((name) => name === LOCK)) return;
    throw new ModelError(`${this.path}: the folder is not empty; go on with --resume or choose another --run folder.`);
  }

  /** Starts a run, and locks its folder. @throws ModelError if the folder is not empty or cannot be made */
  async create(config: unknown, start: Checkpoint): Promise<void> {
    await this.requireEmpty();
    try {
      await mkdir(join(this.path, 'checkpoints'), { recursive: true });
    } catch (error) {
      throw fileError(this.path, error);
    }
    await this.lock();
    // From here on the run can be resumed, whenever it is killed.
    await this.save('latest', start);
    await writeFileAtomic(join(this.path, 'config.json'), `${JSON.stringify(config, undefined, 2)}\n`);
  }

  /** Where the data of the run was when it started. @throws ModelError if config.json does not say */
  async dataPlace(): Promise<string> {
    const path = join(this.path, 'config.json');
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      throw fileError(path, error);
    }
    const config = z.looseObject({ data: z.string() }).safeParse(parseJson(text));
    if (!config.success) throw new ModelError(`${path}: does not say where the data is; name it with --data.`);
    return config.data.data;
  }

  /** Writes a checkpoint in one piece: until it is whole, the one before stays. @throws ModelError if it cannot be written */
  async save(name: CheckpointName, checkpoint: Checkpoint): Promise<void> {
    await writeFileAtomic(this.#checkpoint(name), encodeCheckpoint(checkpoint));
  }

  /** @throws ModelError if the run has no such checkpoint or it is damaged */
  async load(name: CheckpointName): Promise<Checkpoint> {
    const path = this.#checkpoint(name);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (error) {
      if (isMissing(error)) {
        throw new ModelError(`${this.path}: has no checkpoint "${name}"; train there first, or check --run.`);
      }
      throw fileError(path, error);
    }
    return decodeCheckpoint(bytes, path);
  }

  /** Adds a line to metrics.jsonl. @throws ModelError if it cannot be written */
  async log(metrics: Metrics): Promise<void> {
    try {
      await appendFile(this.#metrics, `${JSON.stringify(metrics)}\n`);
    } catch (error) {
      throw fileError(this.#metrics, error);
    }
  }

  /**
   * Goes back to a step, before a run goes on from its checkpoint: drops the lines of metrics after it, so that none tells of a
   * step twice, and the files that a killed process was writing.
   */
  async rewind(step: number): Promise<void> {
    for (const folder of [this.path, join(this.path, 'checkpoints')]) {
      const partial = (await entriesOf(folder)).filter((name) => PARTIAL_NAME.test(name));
      for (const name of partial) await rm(join(folder, name), { force: true });
    }
    let text = '';
    try {
      text = await readFile(this.#metrics, 'utf8');
    } catch (error) {
      if (!isMissing(error)) throw fileError(this.#metrics, error);
    }
    // A killed process may leave half a line at the end: without its newline it is dropped too.
    const lines = text.split('\n').slice(0, -1);
    const kept = lines.filter((line) => stepOf(line) <= step);
    await writeFileAtomic(this.#metrics, kept.map((line) => `${line}\n`).join(''));
  }

  get #metrics(): string {
    return join(this.path, 'metrics.jsonl');
  }

  #checkpoint(name: CheckpointName): string {
    return join(this.path, 'checkpoints', `${name}.safetensors`);
  }
}

/** The file of the lock in a run's folder. */
const LOCK = 'lock';

/** Names in a folder; none if there is no such folder. */
async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw fileError(folder, error);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The step of a line of metrics; lines that cannot be read belong nowhere. */
function stepOf(line: string): number {
  const metrics = z.looseObject({ step: z.int() }).safeParse(parseJson(line));
  return metrics.success ? metrics.data.step : Number.POSITIVE_INFINITY;
}
