import {
  AUGMENTATIONS,
  type AugmentationName,
  augmenter,
  BatchSampler,
  type Dataset,
  type Encoding,
  type EventSequence,
  findEncoding,
} from '@chipsmith/data';
import { type Batch, batchOf, type Examples } from '../examples.ts';
import type { ModelSettings } from '../model.ts';
import { findModel } from '../registry.ts';

/** Which batches a training sees. */
export interface BatchesOptions {
  readonly batch: number;
  /** Several for batches by length, as `BatchSampler` makes them. */
  readonly length: number | readonly number[];
  readonly seed: number;
  readonly augmentation: AugmentationName | null;
}

/** What a training needs batches of. */
export interface BatchOrder {
  readonly dataset: Dataset;
  /** Name of the model, whose examples they are. */
  readonly model: string;
  /** Of the model, as `configure` gives them. */
  readonly settings: ModelSettings;
  readonly options: BatchesOptions;
  /** Steps done before: 0 for a new training. */
  readonly step: number;
}

/**
 * The batches of a training: a pure function of seed and step, so that a resumed run sees what an uninterrupted one
 * does.
 */
export class Batches {
  readonly sampler: BatchSampler;
  readonly #examples: Examples;

  /** @throws DataError if no sequence has anything to learn from */
  constructor(
    sequences: readonly EventSequence[],
    examples: Examples,
    encoding: Encoding,
    { augmentation, ...options }: BatchesOptions,
  ) {
    const augment = augmentation === null ? undefined : augmenter(encoding, AUGMENTATIONS[augmentation], options.seed);
    this.sampler = new BatchSampler(sequences, { ...options, cutting: examples.cutting, augment });
    this.#examples = examples;
  }

  /** The batch of a step, 0, 1, ... */
  at(step: number): Batch {
    const { length, windows } = this.sampler.at(step);
    return batchOf(this.#examples, length, windows);
  }
}

/** Gives batches one after the other. */
export interface BatchSource {
  /** Share of the positions of batches that is padding, 0..1. */
  readonly padding: number;
  /** Seconds that `next` has taken so far: the time that training waited for data. */
  readonly secondsWaited: number;
  next(): Promise<Batch>;
  close(): Promise<void>;
}

/** The examples of an order, and the encoding of its dataset. @throws DataError if that is not of this package */
export function examplesOf({ dataset, model, settings }: BatchOrder): { examples: Examples; encoding: Encoding } {
  const { name, version } = dataset.manifest.encoding;
  const encoding = findEncoding(name, version);
  return { encoding, examples: findModel(model).examples(settings, encoding) };
}

/** Makes batches when they are asked for. */
export function batchesOnDemand(order: BatchOrder): BatchSource {
  const { examples, encoding } = examplesOf(order);
  const batches = new Batches(order.dataset.sequences('train'), examples, encoding, order.options);
  let { step } = order;
  let seconds = 0;
  return {
    padding: batches.sampler.padding,
    get secondsWaited() {
      return seconds;
    },
    async next() {
      const start = performance.now();
      const batch = batches.at(step++);
      seconds += (performance.now() - start) / 1000;
      return batch;
    },
    async close() {},
  };
}
