import type { SequenceVoice } from '../encodings/encoding.ts';
import { sha256Of } from '../sha256.ts';
import { type Manifest, type Report, type SongEntry, SPLITS, type Split } from './manifest.ts';
import type { Shard } from './shard.ts';

/** A sequence of events that may lie in memory or on disk. */
export interface EventSequence {
  readonly length: number;
  /** Events of a bar, as EncodedSequence has it. */
  readonly bar?: number | undefined;
  /**
   * Its events, which must not be written to; those on disk are read anew each time.
   *
   * @throws DataError if the file has changed
   */
  read(): Uint16Array;
}

/** One sequence of a dataset: the events of one voice of one song, or of the whole song. */
export interface DatasetSequence extends EventSequence {
  readonly song: SongEntry;
  readonly voice: SequenceVoice;
}

/** Sequences ready for training. */
export class Dataset {
  readonly manifest: Manifest;
  readonly report: Report;
  readonly #shards: Readonly<Record<Split, Shard>>;

  constructor(manifest: Manifest, report: Report, shards: Readonly<Record<Split, Shard>>) {
    this.manifest = manifest;
    this.report = report;
    this.#shards = shards;
  }

  /** The sequences of a split, in the order of their songs' paths. */
  sequences(split: Split): DatasetSequence[] {
    const { store, index } = this.#shards[split];
    return index.map(({ song, voice, start, length, bar }) => ({
      song: this.manifest.songs[song],
      voice,
      length,
      bar,
      read: () => store.read(start, length),
    }));
  }

  shard(split: Split): Shard {
    return this.#shards[split];
  }
}

/** A sequence whose events are in memory. */
export function sequenceOf(events: ArrayLike<number>): EventSequence {
  const kept = events instanceof Uint16Array ? events : Uint16Array.from(events);
  return { length: kept.length, read: () => kept };
}

/** The fingerprint of the training data: of the encoding and of every shard's hashes. */
export function fingerprintOf(encoding: Manifest['encoding'], splits: Manifest['splits']): string {
  const shards = SPLITS.map((split) => `${splits[split].eventsSha256} ${splits[split].indexSha256}`);
  return sha256Of([encoding.name, encoding.version, encoding.classes, ...shards].join('\n'));
}
