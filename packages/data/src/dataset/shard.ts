import { createHash } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { DataError, fileError, isSystemError } from '../error.ts';
import type { ShardEntry, ShardIndex } from './manifest.ts';

/** The events of a split, one sequence after the other: in memory, or a file of 16-bit little-endian numbers. Goes to other threads as it is. */
export type EventStore = { readonly events: Uint16Array } | EventFile;

interface EventFile {
  readonly file: string;
  /** When it was last changed: whoever reads on must not get the events of another dataset that took its place. */
  readonly modified: number;
}

/** The sequences of one split: their events, and where in them each sequence is. */
export interface Shard {
  readonly store: EventStore;
  readonly index: ShardIndex;
}

/** Takes the sequences of a split one by one. */
export interface ShardWriter {
  append(events: Uint16Array): void;
  /** @returns where the events are, and the hash of their bytes on disk */
  end(): { readonly store: EventStore; readonly sha256: string };
  /** Closes its file, if it has one and that is open. */
  close(): void;
}

/**
 * Some events of a store, as a copy or a view: do not write to them.
 *
 * @throws DataError if the file is gone or has changed
 */
export function readEvents(store: EventStore, start: number, length: number): Uint16Array {
  if ('events' in store) return store.events.subarray(start, start + length);
  try {
    const descriptor = openSync(store.file, 'r');
    try {
      const bytes = Buffer.alloc(length * 2);
      const isWhole = readSync(descriptor, bytes, 0, bytes.length, start * 2) === bytes.length;
      if (isWhole && fstatSync(descriptor).mtimeMs === store.modified) return eventsOfBytes(bytes);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw isSystemError(error) ? fileError(store.file, error) : error;
  }
  throw new DataError(store.file, 'changed while it was in use', 'start again with the new dataset');
}

export function shardInMemory(): ShardWriter {
  const parts: Uint16Array[] = [];
  const hash = createHash('sha256');
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
      return { store: { events }, sha256: hash.digest('hex') };
    },
    close() {},
  };
}

/** @throws the operating system's error if the file is there already or cannot be written */
export function shardOnDisk(file: string): ShardWriter {
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
      return { store: { file, modified }, sha256: hash.digest('hex') };
    },
    close,
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

/** Whether this machine keeps numbers as the files do, as nearly all do. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** @param bytes an even number of them, which are copied */
export function eventsOfBytes(bytes: Uint8Array): Uint16Array {
  const copy = new Uint8Array(bytes);
  if (!IS_LITTLE_ENDIAN) Buffer.from(copy.buffer).swap16();
  return new Uint16Array(copy.buffer);
}

/** The bytes of events, on most machines a view of them. */
function bytesOfEvents({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array {
  const view = new Uint8Array(buffer, byteOffset, byteLength);
  return IS_LITTLE_ENDIAN ? view : Buffer.from(view).swap16();
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
