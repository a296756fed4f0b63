import { Sha256, sha256Of } from '../sha256.ts';
import { bytesOfEvents } from './event-bytes.ts';
import type { ShardEntry, ShardIndex } from './manifest.ts';

/** Where the events of a split are, one sequence after the other. */
export interface EventStore {
  /**
   * Some of them, as a copy or a view: do not write to them.
   *
   * @throws DataError if they lie in a file that is gone or has changed
   */
  read(start: number, length: number): Uint16Array;
}

/** The sequences of one split: their events, and where in them each sequence is. */
export interface Shard {
  readonly store: EventStore;
  readonly index: ShardIndex;
}

/** Takes the sequences of a split one by one. */
export interface ShardWriter {
  append(events: Uint16Array): void;
  /** @returns where the events are, and the hash of their bytes as a file has them */
  end(): { readonly store: EventStore; readonly sha256: string };
}

/** Events in memory. */
export class EventsInMemory implements EventStore {
  readonly #events: Uint16Array;

  constructor(events: Uint16Array) {
    this.#events = events;
  }

  read(start: number, length: number): Uint16Array {
    return this.#events.subarray(start, start + length);
  }
}

export function shardInMemory(): ShardWriter {
  const parts: Uint16Array[] = [];
  const hash = new Sha256();
  let length = 0;
  return {
    append(events) {
      parts.push(events);
      hash.update(bytesOfEvents(events));
      length += events.length;
    },
    end() {
      const events = new Uint16Array(length);
      let start = 0;
      for (const part of parts) {
        events.set(part, start);
        start += part.length;
      }
      return { store: new EventsInMemory(events), sha256: hash.hex() };
    },
  };
}

/** What the manifest says of a shard. @param eventsSha256 of the bytes of its events */
export function shardEntry(index: ShardIndex, eventsSha256: string): ShardEntry {
  const events = index.reduce((sum, { length }) => sum + length, 0);
  return { sequences: index.length, events, eventsSha256, indexSha256: sha256Of(indexText(index)) };
}

/** An index as its file has it. */
export function indexText(index: ShardIndex): string {
  return `${JSON.stringify(index)}\n`;
}
