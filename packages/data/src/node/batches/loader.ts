import type { Worker } from 'node:worker_threads';
import type { Dataset } from '../../dataset/dataset.ts';
import { DataError } from '../../error.ts';
import { type LoaderOptions, samplerOf } from '../../learning/batches/dataset-sampler.ts';
import type { Batch, BatchSampler } from '../../learning/batches/sampler.ts';
import { EventFile, type EventFilePlace } from '../dataset/event-file.ts';
import { startThread } from '../start-thread.ts';

/** What a thread needs to make batches: plain data. */
export interface LoaderSource {
  readonly encoding: string;
  /** The events of the split: themselves, or where they are. */
  readonly events: Uint16Array | EventFilePlace;
  /** Where each sequence is. */
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  /** Events of a bar of each sequence; 0 where it knows no bars. */
  readonly bars: Float64Array;
  readonly options: LoaderOptions;
}

/** What a thread sends: a batch, or the parts of a DataError. */
export type ThreadAnswer =
  | { readonly batch: Batch }
  | { readonly refusal: readonly [where: string, problem: string, remedy: string] };

/** Batches that wait to be asked for: enough that one that takes several steps' time to make is not noticed. */
const BATCHES_AHEAD = 8;

/**
 * The batches of a dataset, step after step. Where making one takes time, since the events lie on disk or are changed at
 * random, a thread makes them ahead. Either way they are those of `BatchSampler`: a function of seed and step alone.
 */
export class BatchLoader {
  /** For what it tells of epochs, lengths and padding. */
  readonly sampler: BatchSampler;
  readonly #worker: Worker | undefined;
  readonly #ready: Batch[] = [];
  #failure: Error | undefined;
  #wake = () => {};
  #step: number;
  #waited = 0;

  /** @throws DataError as samplerOf does */
  constructor(dataset: Dataset, options: LoaderOptions) {
    this.sampler = samplerOf(dataset, options);
    this.#step = options.firstStep ?? 0;
    const { store, index } = dataset.shard(options.split ?? 'train');
    const isOnDisk = store instanceof EventFile;
    if (!isOnDisk && options.augmentation === undefined) return;
    const lengths = Float64Array.from(index, ({ length }) => length);
    const source: LoaderSource = {
      encoding: dataset.manifest.encoding.name,
      events: isOnDisk
        ? store.place
        : store.read(
            0,
            lengths.reduce((sum, length) => sum + length, 0),
          ),
      starts: Float64Array.from(index, ({ start }) => start),
      lengths,
      bars: Float64Array.from(index, ({ bar }) => bar ?? 0),
      options,
    };
    const worker = startThread(new URL('./thread', import.meta.url), source);
    this.#worker = worker;
    worker.on('message', (answer: ThreadAnswer) => {
      if ('batch' in answer) this.#ready.push(answer.batch);
      else this.#failure = new DataError(...answer.refusal);
      this.#wake();
    });
    worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#wake();
    });
    // The process may end while batches wait.
    worker.unref();
    worker.postMessage(BATCHES_AHEAD);
  }

  /** Seconds that `next` has taken so far: the time that training waited for data. */
  get secondsWaited(): number {
    return this.#waited;
  }

  /** The batch of the next step. @throws DataError if the dataset on disk has changed */
  async next(): Promise<Batch> {
    const asked = performance.now();
    const batch = this.#worker === undefined ? this.sampler.at(this.#step) : await this.#take(this.#worker);
    this.#step++;
    this.#waited += (performance.now() - asked) / 1000;
    return batch;
  }

  async #take(worker: Worker): Promise<Batch> {
    worker.ref();
    while (this.#ready.length === 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    worker.unref();
    const batch = this.#ready.shift();
    if (batch === undefined) throw this.#failure;
    worker.postMessage(1);
    return batch;
  }

  /** Stops the thread, if there is one. */
  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}
