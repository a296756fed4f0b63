import type { BytesByCategory } from '@chipsmith/kernels';
import type { Checkpoint } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';

/** A line of a run's metrics: what the steps since the line before gave, and the validation where there was one. */
export interface Metrics {
  readonly step: number;
  /** When it was written, in milliseconds since 1970. */
  readonly time: number;
  /** Mean training loss since the line before, in the model's `lossUnit`. */
  readonly loss: number;
  /** Global norm of the last step's gradients before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
  /** Share of the time, 0..1, in which training waited for data. */
  readonly waited: number;
  /** On the valid split: its loss, and what else the model measures, such as `accuracy`. */
  readonly valid?: Readonly<Record<string, number>>;
}

/** What a training, begun or gone on with, takes of which device. */
export interface RunStart {
  /** Of the device's adapter, for people. */
  readonly adapter: string;
  /** Bytes by category, as planned and as counted once everything is allocated. */
  readonly predicted: BytesByCategory;
  readonly measured: BytesByCategory;
}

/** Which checkpoint: `latest` to go on with training, `best` (lowest validation loss) to make music with. */
export type CheckpointName = 'latest' | 'best';

/** Where a training run is kept: a folder, a page's storage, memory. */
export interface RunStore {
  /** Names it in messages. */
  readonly place: string;
  /** Makes sure that a run can start here. @throws ModelError if there is one already */
  requireEmpty(): Promise<void>;
  /**
   * Starts a run: with its first checkpoint it is there, and until then there is none.
   *
   * @param config settings, for people
   */
  create(config: object, start: Checkpoint): Promise<void>;
  /** Keeps others from training here until `unlock`. @throws ModelError if one does */
  lock(): Promise<void>;
  unlock(): Promise<void>;
  /** @throws ModelError if the run has no such checkpoint, or it is damaged */
  load(name: CheckpointName): Promise<Checkpoint>;
  /** Keeps a checkpoint under each of some names, one after the other. */
  save(names: readonly CheckpointName[], checkpoint: Checkpoint): Promise<void>;
  /** Called before the first step of each training, once the run is made or has gone back to where it goes on from. */
  begin(start: RunStart): Promise<void>;
  log(metrics: Metrics): Promise<void>;
  /** Goes back to a step, before a run goes on from its checkpoint: drops metrics and previews after it. */
  rewind(step: number): Promise<void>;
}

/** A run in memory, which ends with the program. */
export class MemoryStore implements RunStore {
  readonly place = 'memory';
  readonly #checkpoints = new Map<CheckpointName, Checkpoint>();
  #metrics: Metrics[] = [];

  get metrics(): readonly Metrics[] {
    return this.#metrics;
  }

  async requireEmpty(): Promise<void> {
    if (this.#checkpoints.size > 0)
      throw new ModelError('memory: there is a run already; resume it, or take another store.');
  }

  async create(_config: object, start: Checkpoint): Promise<void> {
    await this.requireEmpty();
    this.#checkpoints.set('latest', start);
  }

  async lock(): Promise<void> {}

  async unlock(): Promise<void> {}

  async load(name: CheckpointName): Promise<Checkpoint> {
    const checkpoint = this.#checkpoints.get(name);
    if (checkpoint === undefined) throw new ModelError(`memory: has no checkpoint "${name}"; train there first.`);
    return checkpoint;
  }

  async save(names: readonly CheckpointName[], checkpoint: Checkpoint): Promise<void> {
    for (const name of names) this.#checkpoints.set(name, checkpoint);
  }

  async begin(): Promise<void> {}

  async log(metrics: Metrics): Promise<void> {
    this.#metrics.push(metrics);
  }

  async rewind(step: number): Promise<void> {
    this.#metrics = this.#metrics.filter((line) => line.step <= step);
  }
}
