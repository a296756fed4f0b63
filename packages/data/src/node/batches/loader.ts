import type { Worker } from 'node:worker_threads';
import type { Dataset } from '../../dataset/dataset.ts';
import { findEncoding } from '../../encodings.ts';
import { DataError } from '../../error.ts';
import { startThread } from '../start-thread.ts';
import type { Batch, BatchSampler } from '../../batches/sampler.ts';
import { type LoaderOptions, type LoaderSource, samplerOf, type ThreadAnswer } from '../../batches/source.ts';

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

  /** @throws DataError as BatchSampler does, or if the dataset's encoding is not of this package and is to be augmented */
  constructor(dataset: Dataset, options: LoaderOptions) {
    const { store, index } = dataset.shard(options.split ?? 'train');
    const source: LoaderSource = {
      encoding: dataset.manifest.encoding.name,
      store,
      starts: Float64Array.from(index, ({ start }) => start),
      lengths: Float64Array.from(index, ({ length }) => length),
      bars: Float64Array.from(index, ({ bar }) => bar ?? 0),
      options,
    };
    this.sampler = samplerOf(source);
    this.#step = options.firstStep ?? 0;
    if (options.augmentation !== undefined) findEncoding(source.encoding);
    else if ('events' in store) return;
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
