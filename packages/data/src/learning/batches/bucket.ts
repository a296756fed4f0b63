import { type EventSequence, sequenceOf } from '../../dataset/dataset.ts';
import { deriveSeed, Random } from '../../random.ts';

/**
 * Where a sequence stands that is to be changed: its number among the sampler's, and the events of its bars, if it has
 * any.
 */
export interface AugmentPlace {
  readonly epoch: number;
  readonly index: number;
  readonly bar?: number | undefined;
}

/** Changes a sequence when an epoch reads it; the same arguments give the same events. */
export type Augment = (events: Uint16Array, place: AugmentPlace) => Uint16Array;

/**
 * Sequences that are read together: their windows are mixed with each other, and those of others come before or after.
 * So a sequence is read, and changed, once an epoch, and what is in memory does not grow with the dataset.
 */
const POOL_SEQUENCES = 512;

/** A stretch of a sequence to learn from. */
export interface Window {
  /** The whole sequence. */
  readonly events: Uint16Array;
  /** The unit at which it begins. */
  readonly start: number;
  /** Units in it: the bucket's length, or fewer at the end of a sequence. */
  readonly length: number;
}

/** How sequences are cut into windows. */
export interface Cutting {
  /** Units of a sequence, which windows are counted in; 0 if it has nothing to learn from. */
  unitsOf(sequence: EventSequence): number;
  /** Units of a bar, on whose lines windows begin; undefined where there are no bars. */
  barOf(sequence: EventSequence): number | undefined;
}

/** For next-event prediction: a unit is an event that is predicted, and the first of a sequence is not. */
export const PREDICTED_EVENTS: Cutting = {
  unitsOf: ({ length }) => Math.max(0, length - 1),
  barOf: ({ bar }) => bar,
};

/** For models that take each sequence as a whole: it is a unit. */
export const WHOLE_SEQUENCES: Cutting = { unitsOf: ({ length }) => Math.min(1, length), barOf: () => undefined };

/** A sequence that has something to learn from, and its number among those of the sampler. */
export interface NumberedSequence {
  readonly sequence: EventSequence;
  readonly number: number;
  readonly units: number;
}

export interface BucketOptions {
  /** Units in a window, T. */
  readonly length: number;
  readonly seed: number;
  readonly cutting: Cutting;
  readonly augment: Augment | undefined;
}

interface Epoch {
  readonly pools: readonly Pool[];
  /** Windows of the epoch up to the end of each pool. */
  readonly ends: readonly number[];
}

/**
 * Sequences cut into windows of one length: an endless stream of windows, epoch after epoch all of them in a new order.
 */
export class Bucket {
  readonly length: number;
  /** Windows of all sequences: what an epoch consists of. */
  readonly windows: number;
  /** Positions of an epoch's windows that are padding, since their sequences are shorter than a window. */
  readonly padding: number;
  readonly #members: readonly NumberedSequence[];
  readonly #options: BucketOptions;
  readonly #epochs = new Map<number, Epoch>();

  constructor(members: readonly NumberedSequence[], options: BucketOptions) {
    const { length } = options;
    this.length = length;
    this.#members = members;
    this.#options = options;
    this.windows = members.reduce((sum, { units }) => sum + Math.ceil(units / length), 0);
    this.padding = members.reduce((sum, { units }) => sum + Math.max(0, length - units), 0);
  }

  /**
   * The window at a place of the stream, 0, 1, ... With each, a part of the next pool is read, so that no step waits
   * for all of it.
   */
  at(position: number): Window {
    const number = Math.floor(position / this.windows);
    const { pools, ends } = this.#epoch(number);
    const place = position % this.windows;
    const index = ends.findIndex((end) => place < end);
    const pool = pools[index];
    const within = place - (ends[index] - pool.windows);
    const next = pools[index + 1] ?? this.#epoch(number + 1).pools[0];
    next.read((within + 1) / pool.windows);
    for (const earlier of pools.slice(0, index)) earlier.forget();
    return pool.at(within);
  }

  #epoch(number: number): Epoch {
    const known = this.#epochs.get(number);
    if (known !== undefined) return known;
    const order = new Random(deriveSeed(this.#options.seed, number, 0)).permutation(this.#members.length);
    const pools: Pool[] = [];
    const ends: number[] = [];
    for (let first = 0; first < order.length; first += POOL_SEQUENCES) {
      const members = Array.from(order.subarray(first, first + POOL_SEQUENCES), (member) => this.#members[member]);
      const pool = new Pool(members, number, this.#options);
      pools.push(pool);
      ends.push((ends.at(-1) ?? 0) + pool.windows);
    }
    // A batch may end in the next epoch: two are kept.
    for (const earlier of this.#epochs.keys()) if (earlier !== number - 1) this.#epochs.delete(earlier);
    this.#epochs.set(number, { pools, ends });
    return { pools, ends };
  }
}

/** Sequences whose windows are mixed in one epoch. */
class Pool {
  readonly windows: number;
  readonly #members: readonly NumberedSequence[];
  readonly #epoch: number;
  readonly #options: BucketOptions;
  /** Events of the first members, as the epoch has them. */
  #read: Uint16Array[] = [];
  /** For each window of the mixed order its member, and its number within that. */
  #order: { readonly member: Uint32Array; readonly window: Uint32Array } | undefined;

  constructor(members: readonly NumberedSequence[], epoch: number, options: BucketOptions) {
    this.#members = members;
    this.#epoch = epoch;
    this.#options = options;
    this.windows = members.reduce((sum, { units }) => sum + Math.ceil(units / options.length), 0);
  }

  /** Makes sure that a share, 0..1, of the members is read. */
  read(share: number): void {
    const { augment } = this.#options;
    const target = Math.ceil(share * this.#members.length);
    for (const { sequence, number } of this.#members.slice(this.#read.length, target)) {
      const events = sequence.read();
      this.#read.push(
        augment === undefined ? events : augment(events, { epoch: this.#epoch, index: number, bar: sequence.bar }),
      );
    }
  }

  at(place: number): Window {
    this.read(1);
    this.#order ??= this.#mix();
    const member = this.#order.member[place];
    const events = this.#read[member];
    const { cutting, length } = this.#options;
    // A changed sequence may be longer or shorter.
    const units = cutting.unitsOf(sequenceOf(events));
    const start = this.#startOf(member, this.#order.window[place], units);
    return { events, start, length: Math.min(length, units - start) };
  }

  forget(): void {
    this.#read = [];
    this.#order = undefined;
  }

  #mix() {
    const random = new Random(deriveSeed(this.#options.seed, this.#epoch, 1, this.#members[0].number));
    const order = random.permutation(this.windows);
    const member = new Uint32Array(this.windows);
    const window = new Uint32Array(this.windows);
    let next = 0;
    for (const [index, { units }] of this.#members.entries()) {
      for (let count = 0; count < Math.ceil(units / this.#options.length); count++) {
        member[order[next]] = index;
        window[order[next]] = count;
        next++;
      }
    }
    return { member, window };
  }

  /**
   * Windows are shifted by up to half their length, other in each epoch, and begin on bar lines: a model that starts
   * afresh learns where in the bar it is. The last one may be shorter by less than a bar.
   */
  #startOf(member: number, window: number, units: number): number {
    const { length, seed, cutting } = this.#options;
    const { sequence, number, units: planned } = this.#members[member];
    const shift = new Random(deriveSeed(seed, this.#epoch, 2, number)).nextInteger(length) - Math.floor(length / 2);
    const bar = cutting.barOf(sequence) ?? 1;
    // Its windows lie as those of the sequence as it was.
    const place = (window * length + shift) * (units / planned);
    const lastFull = Math.ceil(Math.max(0, units - length) / bar);
    const lastBar = Math.floor((units - 1) / bar);
    return Math.min(lastFull, lastBar, Math.max(0, Math.round(place / bar))) * bar;
  }
}
