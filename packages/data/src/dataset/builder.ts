import { VOICE_NAMES } from '@chipsmith/apu';
import type { Encoding } from '../encodings/encoding.ts';
import { DataError } from '../error.ts';
import { type CopyRule, describeCopies, surplusCopies } from './cleaning/copies.ts';
import { findDuplicates } from './cleaning/duplicates.ts';
import type { Sketch } from './cleaning/sketch.ts';
import { Dataset, fingerprintOf } from './dataset.ts';
import { byKind, countKinds } from './kinds.ts';
import type { Copies, Report, ReportEntry, ShardIndex, SongEntry, Split } from './manifest.ts';
import { KEPT, type KeepMusic, type PreparedFile, type PreparedSong, type SongSettings } from './preparation.ts';
import { type ShardWriter, shardEntry } from './shard.ts';
import { assignSplits, gameOf } from './split.ts';
import { addCounts, emptyCounts, type SongCounts } from './statistics/counts.ts';

/**
 * What becomes of the songs: which are taken, which voices of them, and how songs are dealt to train and valid where
 * folders do not say.
 */
export interface DatasetOptions extends SongSettings {
  /**
   * Which copies of the same music are kept; all if left out, as NES-MDB's published splits and figures do. Files of
   * equal bytes count once in any case.
   */
  readonly copies?: CopyRule | undefined;
  /** Decides which groups are valid; 1 if left out. */
  readonly seed?: number;
  /** Share of the groups (see assignSplits) that is valid, 0..1; 0.1 if left out. */
  readonly validShare?: number;
}

/** What is remembered of a song of which something is kept. */
export interface KeptSong {
  readonly entry: Omit<SongEntry, 'split'>;
  readonly game: string | undefined;
  readonly composer: string | undefined;
  readonly sketch: Sketch;
  /** Its line in the report, which changes if it turns out to be a copy. */
  readonly reported: ReportEntry;
  readonly keptNaively: number;
  readonly load: ReturnType<KeepMusic>;
}

/** A song, and what is kept of it: nothing, or nothing because the same music came before. */
export interface BuiltSong {
  readonly song: Omit<PreparedSong, 'music'>;
  readonly kept: KeptSong | 'elsewhere' | undefined;
}

/** A file that was read, and its songs. */
export interface BuiltFile {
  readonly path: string;
  readonly sha256: string;
  readonly songs: readonly BuiltSong[];
}

/** Collects what became of files, one by one, and keeps account of what was dropped and why. */
export class DatasetBuilder {
  readonly #encoding: Encoding;
  readonly #options: DatasetOptions;
  readonly #keep: KeepMusic;
  #songs: KeptSong[] = [];
  readonly #files: BuiltFile[] = [];
  readonly #entries: ReportEntry[] = [];
  /** The path of the first song with this hash. */
  readonly #firstOf = new Map<string, string>();
  #keptNaively = 0;
  readonly #paths = new Set<string>();

  constructor(encoding: Encoding, options: DatasetOptions, keep: KeepMusic) {
    this.#encoding = encoding;
    this.#options = options;
    this.#keep = keep;
  }

  /** Files looked at, and songs kept, so far. */
  get counts(): { readonly files: number; readonly songs: number } {
    return { files: this.#entries.length, songs: this.#songs.length };
  }

  /** Takes a file's songs; of the same music, the first that comes. */
  add({ path, sha256, songs }: PreparedFile): void {
    const built = songs.map((song) => this.#addSong(song));
    if (sha256 !== undefined) this.#files.push({ path, sha256, songs: built });
  }

  #addSong({ music, ...song }: PreparedSong): BuiltSong {
    const { path, sha256, repairs, voices, keptNaively } = song;
    const first = sha256 === undefined ? undefined : this.#firstOf.get(sha256);
    const reason = first === undefined ? song.reason : `the same music as ${JSON.stringify(first)}`;
    const outcome = reason === undefined ? { kept: true } : { kept: false, reason };
    const reported = { path, ...outcome, repairs: [...repairs], voices: first === undefined ? { ...voices } : {} };
    this.#entries.push(reported);
    if (first !== undefined) return { song, kept: 'elsewhere' };
    if (sha256 !== undefined) this.#firstOf.set(sha256, path);
    this.#keptNaively += keptNaively;
    if (music === undefined || sha256 === undefined) return { song, kept: undefined };

    const { title, beatsPerMinute, tempoOrigin, tempoConfidence, game, composer, sketch } = music;
    const kept = {
      entry: { path: this.#unique(path), title, sha256, beatsPerMinute, tempoOrigin, tempoConfidence },
      game: game ?? gameOf(path),
      composer,
      sketch,
      reported,
      keptNaively,
      load: this.#keep(music),
    };
    this.#songs.push(kept);
    return { song, kept };
  }

  /**
   * Finds copies, deals the songs to splits and writes the shards. The order in which files came does not matter.
   *
   * @returns the dataset, and what `writePrepared` needs
   * @throws DataError if no song was kept
   */
  finish(inputs: readonly string[], writers: Readonly<Record<Split, ShardWriter>>): BuiltDataset {
    const { seed = 1, validShare = 0.1, voices = VOICE_NAMES, copies: rule = 'all' } = this.#options;
    if (this.#songs.length === 0) throw this.#nothingKept(inputs);
    this.#songs.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
    const paths = this.#songs.map(({ entry }) => entry.path);
    const duplicates = findDuplicates(this.#songs.map(({ sketch }) => sketch));
    const dealt = this.#songs.map(({ game, composer }, index) => ({ path: paths[index], game, composer }));
    const splitOfSong = assignSplits(dealt, duplicates.groups, seed, validShare);
    const splitOf = new Map(this.#songs.map((song, index) => [song, splitOfSong[index]]));
    this.#drop(surplusCopies(duplicates, paths, splitOfSong, rule));

    const { index, statistics } = this.#writeShards(splitOf, writers);
    const [train, valid, test] = [writers.train.end(), writers.valid.end(), writers.test.end()];
    const shards = {
      train: { store: train.store, index: index.train },
      valid: { store: valid.store, index: index.valid },
      test: { store: test.store, index: index.test },
    };
    const splits = {
      train: shardEntry(index.train, train.sha256),
      valid: shardEntry(index.valid, valid.sha256),
      test: shardEntry(index.test, test.sha256),
    };
    const { name, version, classes, stepsPerBar } = this.#encoding;
    const encoding = { name, version, classes, stepsPerBar };
    const manifest = {
      format: 'chipsmith-dataset' as const,
      formatVersion: 1 as const,
      encoding,
      inputs: [...inputs],
      voices: [...voices],
      seed,
      validShare,
      splits,
      songs: this.#songs.map((song) => ({ ...song.entry, split: splitOf.get(song) ?? 'train' })),
      fingerprint: fingerprintOf(encoding, splits),
    };
    const report = this.#report(describeCopies(duplicates, paths, splitOfSong), statistics);
    const numberOf = new Map(this.#songs.map((song, number) => [song, number]));
    return { dataset: new Dataset(manifest, report, shards), files: this.#files, numberOf };
  }

  /** Each song's music is loaded once, and forgotten. */
  #writeShards(splitOf: ReadonlyMap<KeptSong, Split>, writers: Readonly<Record<Split, ShardWriter>>) {
    const index: Record<Split, ShardIndex> = { train: [], valid: [], test: [] };
    const statistics = { train: emptyCounts(), valid: emptyCounts(), test: emptyCounts() };
    const ends = { train: 0, valid: 0, test: 0 };
    for (const [song, kept] of this.#songs.entries()) {
      const split = splitOf.get(kept) ?? 'train';
      const { counts, sequences } = kept.load();
      addCounts(statistics[split], counts);
      for (const { voice, events, bar } of sequences) {
        index[split].push({ song, voice, start: ends[split], length: events.length, ...(bar && { bar }) });
        writers[split].append(events);
        ends[split] += events.length;
      }
    }
    return { index, statistics };
  }

  #nothingKept(inputs: readonly string[]): DataError {
    const files = this.#entries.length;
    const dropped = this.#entries.map(({ path, reason = 'nothing kept' }) => ({ path, reason }));
    const listed = byKind(dropped, ({ reason }) => reason)
      .slice(0, 3)
      .map(({ words, items }) => `${items.length}: ${words}, ${items.length > 1 ? 'such as ' : ''}${items[0].path}`);
    return new DataError(
      inputs.join(', ') || 'input',
      `no usable song in ${files} ${files === 1 ? 'file' : 'files'}${listed.length > 0 ? ` (${listed.join('; ')})` : ''}`,
      'give MIDI files with melodies, in files, folders or archives',
    );
  }

  #droppedFiles(): Record<string, number> {
    return countKinds(this.#entries.flatMap(({ reason }) => reason ?? []));
  }

  #unique(path: string): string {
    let unique = path;
    for (let number = 2; this.#paths.has(unique); number++) unique = `${path} (${number})`;
    this.#paths.add(unique);
    return unique;
  }

  /** Leaves out songs that are copies, with a word in the report. */
  #drop(copies: ReadonlyMap<number, string>): void {
    for (const [index, reason] of copies) {
      const { reported, keptNaively } = this.#songs[index];
      Object.assign(reported, { kept: false, reason, voices: {} });
      this.#keptNaively -= keptNaively;
    }
    this.#songs = this.#songs.filter((_, index) => !copies.has(index));
  }

  #report(copies: Copies[], statistics: Record<Split, SongCounts>): Report {
    const voices = this.#entries.flatMap((entry) => Object.values(entry.voices));
    const { naive } = this.#encoding;
    return {
      files: this.#entries.length,
      songs: this.#songs.length,
      voices: {
        sounding: voices.length,
        kept: voices.filter((reason) => reason === KEPT).length,
        ...(naive ? { keptNaively: this.#keptNaively } : {}),
      },
      ...(naive ? { naiveRules: naive.description } : {}),
      droppedFiles: this.#droppedFiles(),
      droppedVoices: countKinds(voices.filter((reason) => reason !== KEPT)),
      repairs: countKinds(this.#entries.flatMap(({ repairs }) => repairs)),
      copies,
      statistics,
      entries: this.#entries.sort(byPath),
    };
  }
}

/** A dataset, the files it was made of, and which of its songs each kept song is. */
export interface BuiltDataset {
  readonly dataset: Dataset;
  readonly files: readonly BuiltFile[];
  readonly numberOf: ReadonlyMap<KeptSong, number>;
}

/** Orders by path; those of one path stay as they are. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
