import type { Worker } from 'node:worker_threads';
import { DataError } from '@chipsmith/data';
import { type PortableSequences, portableSequences, startThread } from '@chipsmith/data/node';
import { ModelError } from '../error.ts';
import type { Batch } from '../examples.ts';
import { Batches, type BatchOrder, type BatchSource, batchesOnDemand, examplesOf } from '../training/batches.ts';

/** Batches that wait to be asked for: enough that one that takes several steps' time to make is not noticed. */
const BATCHES_AHEAD = 8;

/** What a thread needs to make batches: plain data. */
export interface ThreadOrder extends Omit<BatchOrder, 'dataset'> {
  readonly encoding: string;
  readonly sequences: PortableSequences;
}

/** What a thread sends: a batch, or what a DataError or a ModelError says. */
export type BatchAnswer =
  | { readonly batch: Batch }
  | { readonly data: readonly [where: string, problem: string, remedy: string] }
  | { readonly model: string };

/**
 * Batches made ahead by a thread, where making one takes time: since the events lie on disk, are changed at random, or
 * become more numbers than one each. Either way they are those of `Batches`: a function of seed and step alone.
 */
export function threadedBatches({ dataset, ...order }: BatchOrder): BatchSource {
  const { examples, encoding } = examplesOf({ dataset, ...order });
  const sequences = portableSequences(dataset, 'train');
  const isQuick =
    sequences.events instanceof Uint16Array &&
    order.options.augmentation === null &&
    Object.values(examples.fields).every(({ per, shape }) => per === 'unit' && shape.length === 0);
  if (isQuick) return batchesOnDemand({ dataset, ...order });
  const { padding } = new Batches(dataset.sequences('train'), examples, encoding, order.options).sampler;
  return new BatchThread({ ...order, encoding: encoding.name, sequences }, padding);
}

class BatchThread implements BatchSource {
  readonly padding: number;
  readonly #worker: Worker;
  readonly #ready: Batch[] = [];
  #failure: Error | undefined;
  #wake = () => {};
  #waited = 0;

  constructor(order: ThreadOrder, padding: number) {
    this.padding = padding;
    this.#worker = startThread(new URL('./batch-thread', import.meta.url), order);
    this.#worker.on('message', (answer: BatchAnswer) => {
      if ('batch' in answer) this.#ready.push(answer.batch);
      else this.#failure = 'data' in answer ? new DataError(...answer.data) : new ModelError(answer.model);
      this.#wake();
    });
    this.#worker.on('error', (error) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#wake();
    });
    // The process may end while batches wait.
    this.#worker.unref();
    this.#worker.postMessage(BATCHES_AHEAD);
  }

  get secondsWaited(): number {
    return this.#waited;
  }

  async next(): Promise<Batch> {
    const asked = performance.now();
    this.#worker.ref();
    while (this.#ready.length === 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#worker.unref();
    this.#waited += (performance.now() - asked) / 1000;
    const batch = this.#ready.shift();
    if (batch === undefined) throw this.#failure;
    this.#worker.postMessage(1);
    return batch;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
