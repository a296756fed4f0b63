import { DataError } from './error.ts';
import { deriveSeed, Random } from './random.ts';

/** A batch for next-event prediction. All arrays are time-major (T, B): the entry of time t and lane b is at t * B + b. */
export interface Batch {
  /** Event at each position. 0 where masked. */
  readonly inputs: Uint32Array;
  /** The event that follows it. 0 where masked. */
  readonly targets: Uint32Array;
  /** 1 where there is something to predict, 0 after the end of a short sequence. */
  readonly mask: Float32Array;
}

export interface BatchOptions {
  /** Windows in a batch, B. */
  readonly batch: number;
  /** Predicted events in a window, T. */
  readonly length: number;
  readonly seed: number;
}

/**
 * Draws training batches from sequences of any length. Which windows a step sees is a pure function of (seed, step), so that
 * training resumes at a step without any state.
 *
 * A sequence of L events has L - 1 predictions and ceil((L - 1) / T) windows. In each epoch all windows of all sequences come
 * once, in a new order, and those of a long sequence are shifted by up to half a window, so that their edges fall elsewhere.
 * Sequences shorter than a window are padded and masked; sequences of a single event predict nothing and are left out.
 */
export class BatchSampler {
  readonly batch: number;
  readonly length: number;
  /** Windows of all sequences: what an epoch consists of. */
  readonly windows: number;
  readonly #seed: number;
  readonly #sequences: readonly ArrayLike<number>[];
  /** Sequence of each window, and its number within the sequence. */
  readonly #sequenceOf: Uint32Array;
  readonly #windowOf: Uint32Array;
  #order: { readonly epoch: number; readonly windows: Uint32Array } = { epoch: -1, windows: new Uint32Array(0) };

  /** @throws DataError if no sequence has two events, or a size is no positive integer */
  constructor(sequences: readonly ArrayLike<number>[], { batch, length, seed }: BatchOptions) {
    for (const [field, value] of Object.entries({ batch, length })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new DataError(`batches, ${field}`, `${value} is no positive integer`, 'give 1 or more');
      }
    }
    this.batch = batch;
    this.length = length;
    this.#seed = seed;
    this.#sequences = sequences.filter((sequence) => sequence.length > 1);
    const counts = this.#sequences.map((sequence) => Math.ceil((sequence.length - 1) / length));
    this.windows = counts.reduce((sum, count) => sum + count, 0);
    if (this.windows === 0) {
      throw new DataError('batches', 'no sequence has two events or more', 'prepare a dataset with more music');
    }
    this.#sequenceOf = Uint32Array.from(counts.flatMap((count, index) => new Array<number>(count).fill(index)));
    this.#windowOf = Uint32Array.from(counts.flatMap((count) => Array.from({ length: count }, (_, index) => index)));
  }

  /** Steps until every window has come once, rounded up. The last batch of an epoch is filled from the next. */
  get stepsPerEpoch(): number {
    return Math.ceil(this.windows / this.batch);
  }

  /** The batch of a step, 0, 1, ... */
  at(step: number): Batch {
    const size = this.length * this.batch;
    const batch = { inputs: new Uint32Array(size), targets: new Uint32Array(size), mask: new Float32Array(size) };
    for (let lane = 0; lane < this.batch; lane++) this.#fill(batch, lane, step * this.batch + lane);
    return batch;
  }

  #fill(batch: Batch, lane: number, position: number): void {
    const epoch = Math.floor(position / this.windows);
    const window = this.#orderOf(epoch)[position % this.windows];
    const sequence = this.#sequences[this.#sequenceOf[window]];
    const start = this.#startOf(window, sequence.length - 1, epoch);
    const count = Math.min(this.length, sequence.length - 1 - start);
    for (let time = 0; time < count; time++) {
      const entry = time * this.batch + lane;
      batch.inputs[entry] = sequence[start + time];
      batch.targets[entry] = sequence[start + time + 1];
      batch.mask[entry] = 1;
    }
  }

  #startOf(window: number, predictions: number, epoch: number): number {
    const random = new Random(deriveSeed(this.#seed, epoch, 1 + this.#sequenceOf[window]));
    const shift = random.nextInteger(this.length) - Math.floor(this.length / 2);
    const last = Math.max(0, predictions - this.length);
    return Math.min(last, Math.max(0, this.#windowOf[window] * this.length + shift));
  }

  /** The order of an epoch's windows. The last one used is kept: steps mostly come one after the other. */
  #orderOf(epoch: number): Uint32Array {
    if (this.#order.epoch !== epoch) {
      this.#order = { epoch, windows: new Random(deriveSeed(this.#seed, epoch, 0)).permutation(this.windows) };
    }
    return this.#order.windows;
  }
}
