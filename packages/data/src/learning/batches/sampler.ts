import type { EventSequence } from '../../dataset/dataset.ts';
import { DataError } from '../../error.ts';
import { deriveSeed, Random } from '../../random.ts';
import { type Augment, Bucket, type Cutting, type NumberedSequence, PREDICTED_EVENTS, type Window } from './bucket.ts';

/** The windows of a batch. */
export interface WindowBatch {
  /** Units in the longest window, T: one of the sampler's lengths. */
  readonly length: number;
  /** One for each sequence of the batch. */
  readonly windows: readonly Window[];
}

export interface BatchOptions {
  /** Windows in a batch, B. */
  readonly batch: number;
  /**
   * Units in a window, T; or several lengths, of which each sequence gets the shortest that holds it, or the longest.
   * The sequences of one length are batched together, so that short ones are padded less.
   */
  readonly length: number | readonly number[];
  readonly seed: number;
  /** How sequences are cut; PREDICTED_EVENTS if left out. */
  readonly cutting?: Cutting | undefined;
  /** Changes each sequence once an epoch; none if left out. */
  readonly augment?: Augment | undefined;
}

/**
 * Draws the windows of training batches from sequences of any length. Which windows a step sees is a pure function of
 * (seed, step), so that training resumes at a step without any state.
 *
 * A sequence of U units (predicted events, unless `cutting` says otherwise) has ceil(U / T) windows. In each epoch all
 * windows of all sequences come once, in a new order, and those of a long sequence are shifted by up to half a window,
 * so that their edges fall elsewhere. Sequences without a unit, such as those of a single event, are left out.
 */
export class BatchSampler {
  readonly batch: number;
  /** Windows of all sequences: what an epoch consists of. */
  readonly windows: number;
  readonly #seed: number;
  readonly #buckets: readonly Bucket[];
  /** Batches of each bucket in `stepsPerEpoch` steps. */
  readonly #steps: readonly number[];
  #round: { readonly number: number; readonly buckets: Uint32Array; readonly before: Uint32Array } | undefined;

  /** @throws DataError if no sequence has two events, or a size is not a positive integer */
  constructor(sequences: readonly EventSequence[], options: BatchOptions) {
    const { batch, length, seed, cutting = PREDICTED_EVENTS, augment } = options;
    const lengths = [...new Set(typeof length === 'number' ? [length] : length)].sort((a, b) => a - b);
    for (const [field, value] of [['batch', batch], ...lengths.map((one) => ['length', one])]) {
      if (Number.isInteger(value) && Number(value) >= 1) continue;
      throw new DataError(`batches, ${field}`, `${value} is not a positive integer`, 'give 1 or more');
    }
    this.batch = batch;
    this.#seed = seed;
    const members: NumberedSequence[][] = lengths.map(() => []);
    for (const [number, sequence] of sequences.entries()) {
      const units = cutting.unitsOf(sequence);
      // None holds it: -1, which is the longest.
      const fitting = lengths.findIndex((one) => units <= one);
      if (units > 0) members.at(fitting)?.push({ sequence, number, units });
    }
    this.#buckets = lengths
      .map((one, index) => new Bucket(members[index], { length: one, seed, cutting, augment }))
      .filter(({ windows }) => windows > 0);
    this.#steps = this.#buckets.map(({ windows }) => Math.ceil(windows / batch));
    this.windows = this.#buckets.reduce((sum, { windows }) => sum + windows, 0);
    if (this.windows === 0) {
      throw new DataError('batches', 'no sequence has two events or more', 'prepare a dataset with more music');
    }
  }

  /** Lengths that batches have, rising. */
  get lengths(): readonly number[] {
    return this.#buckets.map(({ length }) => length);
  }

  /** Steps until every window has come once, rounded up. The last batch of an epoch is filled from the next. */
  get stepsPerEpoch(): number {
    return this.#steps.reduce((sum, steps) => sum + steps, 0);
  }

  /** Share of the positions of batches that is padding, 0..1. */
  get padding(): number {
    const positions = this.#buckets.reduce((sum, { windows, length }) => sum + windows * length, 0);
    return this.#buckets.reduce((sum, { padding }) => sum + padding, 0) / positions;
  }

  /** The windows of a step, 0, 1, ... @throws DataError if sequences on disk have changed */
  at(step: number): WindowBatch {
    const { bucket, number } = this.#scheduled(step);
    const windows = Array.from({ length: this.batch }, (_, lane) => bucket.at(number * this.batch + lane));
    return { length: bucket.length, windows };
  }

  /**
   * The bucket of a step, and how many batches of that bucket came before. In each round of `stepsPerEpoch` steps the
   * order is another.
   */
  #scheduled(step: number): { readonly bucket: Bucket; readonly number: number } {
    const number = Math.floor(step / this.stepsPerEpoch);
    if (this.#round?.number !== number) {
      const slots = this.#steps.flatMap((steps, bucket) => new Array<number>(steps).fill(bucket));
      const order = new Random(deriveSeed(this.#seed, number, 3)).permutation(slots.length);
      const buckets = Uint32Array.from(order, (slot) => slots[slot]);
      const counts = this.#steps.map(() => 0);
      this.#round = { number, buckets, before: Uint32Array.from(buckets, (bucket) => counts[bucket]++) };
    }
    const place = step % this.stepsPerEpoch;
    const bucket = this.#round.buckets[place];
    return { bucket: this.#buckets[bucket], number: number * this.#steps[bucket] + this.#round.before[place] };
  }
}
