import type { Augmentation } from '../augment/augment.ts';
import type { EventSequence } from '../dataset/dataset.ts';
import type { Split } from '../dataset/manifest.ts';
import { type EventStore, readEvents } from '../dataset/shard.ts';
import type { Augment } from './bucket.ts';
import { type Batch, type BatchOptions, BatchSampler } from './sampler.ts';

export interface LoaderOptions extends Omit<BatchOptions, 'augment'> {
  /** The split that batches are of; train if left out. */
  readonly split?: Split | undefined;
  /** Random changes to each sequence, others in each epoch; none if left out. */
  readonly augmentation?: Augmentation | undefined;
  /** The first step, 0 if left out: training that goes on asks for its next. */
  readonly firstStep?: number | undefined;
}

/** What a thread needs to make batches: plain data. */
export interface LoaderSource {
  readonly encoding: string;
  readonly store: EventStore;
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

/** The sampler of a source, the same in every thread. */
export function samplerOf({ store, starts, lengths, bars, options }: LoaderSource, augment?: Augment): BatchSampler {
  const sequences = Array.from(starts, (start, index): EventSequence => {
    const length = lengths[index];
    return { length, bar: bars[index] || undefined, read: () => readEvents(store, start, length) };
  });
  return new BatchSampler(sequences, { ...options, augment });
}
