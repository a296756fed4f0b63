import type { Dataset, EventSequence } from '../../dataset/dataset.ts';
import type { Split } from '../../dataset/manifest.ts';
import { EventsInMemory } from '../../dataset/shard.ts';
import { EventFile, type EventFilePlace } from './event-file.ts';

/** The sequences of a split as plain data, which goes to another thread as it is. */
export interface PortableSequences {
  /** The events of the split: themselves, or where they are. */
  readonly events: Uint16Array | EventFilePlace;
  /** Where each sequence is. */
  readonly starts: Float64Array;
  readonly lengths: Float64Array;
  /** Events of a bar of each sequence; 0 where it knows no bars. */
  readonly bars: Float64Array;
}

/** What a thread needs to read the sequences of a split itself. */
export function portableSequences(dataset: Dataset, split: Split): PortableSequences {
  const { store, index } = dataset.shard(split);
  const total = index.reduce((sum, { length }) => sum + length, 0);
  return {
    events: store instanceof EventFile ? store.place : store.read(0, total),
    starts: Float64Array.from(index, ({ start }) => start),
    lengths: Float64Array.from(index, ({ length }) => length),
    bars: Float64Array.from(index, ({ bar }) => bar ?? 0),
  };
}

/** The sequences again, the same in every thread. */
export function sequencesOf({ events, starts, lengths, bars }: PortableSequences): EventSequence[] {
  const store = events instanceof Uint16Array ? new EventsInMemory(events) : new EventFile(events);
  return Array.from(starts, (start, index): EventSequence => {
    const length = lengths[index];
    return { length, bar: bars[index] || undefined, read: () => store.read(start, length) };
  });
}
