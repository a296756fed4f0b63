import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { bytesOfEvents, eventsOfBytes } from '../../dataset/event-bytes.ts';
import type { EventStore, ShardWriter } from '../../dataset/shard.ts';
import { DataError } from '../../error.ts';
import { fileError, isSystemError } from '../files/system-error.ts';

/** Where a file of events is. Plain data, so that it can go to another thread. */
export interface EventFilePlace {
  readonly file: string;
  /** When it was last changed: whoever reads on must not get the events of another dataset that took its place. */
  readonly modified: number;
}

/** Events in a file of 16-bit little-endian numbers, read anew each time. */
export class EventFile implements EventStore {
  readonly place: EventFilePlace;

  constructor(place: EventFilePlace) {
    this.place = place;
  }

  read(start: number, length: number): Uint16Array {
    const { file, modified } = this.place;
    try {
      const descriptor = openSync(file, 'r');
      try {
        const bytes = Buffer.alloc(length * 2);
        const isWhole = readSync(descriptor, bytes, 0, bytes.length, start * 2) === bytes.length;
        if (isWhole && fstatSync(descriptor).mtimeMs === modified) return eventsOfBytes(bytes);
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw isSystemError(error) ? fileError(file, error) : error;
    }
    throw new DataError(file, 'changed while it was in use', 'start again with the new dataset');
  }
}

/** Writes the events of a split to a file. */
export interface EventFileWriter extends ShardWriter {
  /** Closes the file, if it is open. */
  close(): void;
}

/** @throws the operating system's error if the file is there already or cannot be written */
export function shardOnDisk(file: string): EventFileWriter {
  const descriptor = openSync(file, 'wx');
  const hash = createHash('sha256');
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    append(events) {
      const bytes = bytesOfEvents(events);
      hash.update(bytes);
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
    },
    end() {
      fsyncSync(descriptor);
      const modified = fstatSync(descriptor).mtimeMs;
      close();
      return { store: new EventFile({ file, modified }), sha256: hash.digest('hex') };
    },
    close,
  };
}
