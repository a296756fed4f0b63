import { createHash } from 'node:crypto';
import type { SequenceVoice } from '../encoding.ts';
import { type Manifest, type Report, type ShardIndex, type SongEntry, SPLITS, type Split } from './manifest.ts';

/** One sequence of a dataset: the events of one voice of one song, or of the whole song. */
export interface DatasetSequence {
  readonly song: SongEntry;
  readonly voice: SequenceVoice;
  readonly events: Uint16Array;
}

/** The sequences of one split, as they lie on disk: all events one after the other, and where each sequence is. */
export interface Shard {
  readonly events: Uint16Array;
  readonly index: ShardIndex;
}

/** Sequences ready for training, in memory. */
export class Dataset {
  readonly manifest: Manifest;
  readonly report: Report;
  readonly #shards: Readonly<Record<Split, Shard>>;

  constructor(manifest: Manifest, report: Report, shards: Readonly<Record<Split, Shard>>) {
    this.manifest = manifest;
    this.report = report;
    this.#shards = shards;
  }

  /** The sequences of a split, in the order of their songs' paths. Their events are views of one array: do not write to them. */
  sequences(split: Split): DatasetSequence[] {
    const { events, index } = this.#shards[split];
    return index.map(({ song, voice, start, length }) => ({
      song: this.manifest.songs[song],
      voice,
      events: events.subarray(start, start + length),
    }));
  }

  shard(split: Split): Shard {
    return this.#shards[split];
  }
}

/** The bytes of a shard's two files: events as 16-bit little-endian numbers, and the index as JSON. */
export function shardFiles({ events, index }: Shard): { readonly events: Uint8Array; readonly index: Uint8Array } {
  const bytes = new Uint8Array(events.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [position, event] of events.entries()) view.setUint16(position * 2, event, true);
  return { events: bytes, index: new TextEncoder().encode(`${JSON.stringify(index)}\n`) };
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The fingerprint of the training data: of the encoding and of every shard's hashes. */
export function fingerprintOf(encoding: Manifest['encoding'], splits: Manifest['splits']): string {
  const shards = SPLITS.map((split) => `${splits[split].eventsSha256} ${splits[split].indexSha256}`);
  return sha256Of([encoding.name, encoding.version, encoding.classes, ...shards].join('\n'));
}
