import type { Dataset, EventSequence } from './dataset.ts';
import type { Split } from './manifest.ts';
import { type EventStore, readEvents } from './shard.ts';

/** The sequences of a split as plain data, which goes to another thread as it is. */
export interface PortableSequences {
  readonly store: EventStore;
  /** Where each sequence is. */
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  /** Events of a bar of each sequence; 0 where it knows no bars. */
  readonly bars: Float64Array;
}

/** What a thread needs to read the sequences of a split itself. */
export function portableSequences(dataset: Dataset, split: Split): PortableSequences {
  const { store, index } = dataset.shard(split);
  return {
    store,
    starts: Float64Array.from(index, ({ start }) => start),
    lengths: Float64Array.from(index, ({ length }) => length),
    bars: Float64Array.from(index, ({ bar }) => bar ?? 0),
  };
}

/** The sequences again, the same in every thread. */
export function sequencesOf({ store, starts, lengths, bars }: PortableSequences): EventSequence[] {
  return Array.from(starts, (start, index): EventSequence => {
    const length = lengths[index];
    return { length, bar: bars[index] || undefined, read: () => readEvents(store, start, length) };
  });
}
