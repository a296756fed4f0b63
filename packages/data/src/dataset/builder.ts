import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { type CopyRule, describeCopies, surplusCopies } from '../cleaning/copies.ts';
import { findDuplicates } from '../cleaning/duplicates.ts';
import { ALL_SONGS, refusal, type SongFilters } from '../cleaning/filters.ts';
import { type Sketch, sketchOf } from '../cleaning/sketch.ts';
import type { Encoded, EncodedSequence, Encoding } from '../encoding.ts';
import { DataError } from '../error.ts';
import type { SongReading } from '../reading.ts';
import type { Song } from '../song.ts';
import { countSong, type SongCounts, sumCounts } from '../statistics/counts.ts';
import { Dataset, fingerprintOf, type Shard, sha256Of, shardFiles } from './dataset.ts';
import type { Copies, Report, ReportEntry, ShardEntry, SongEntry, Split } from './manifest.ts';
import { assignSplits, gameOf } from './split.ts';

/** What becomes of the songs: which are taken, which voices of them, and how songs are dealt to train and valid where folders do not say. */
export interface DatasetOptions {
  /** The voices that may give sequences; all if left out. */
  readonly voices?: readonly VoiceName[] | undefined;
  /** Which songs are taken; as in ALL_SONGS where left out. */
  readonly filters?: Partial<SongFilters> | undefined;
  /**
   * Which copies of the same music are kept; all if left out, as NES-MDB's published splits and figures do. Files of equal
   * bytes count once in any case.
   */
  readonly copies?: CopyRule | undefined;
  /** Decides which groups are valid; 1 if left out. */
  readonly seed?: number;
  /** Share of the groups (see assignSplits) that is valid, 0..1; 0.1 if left out. */
  readonly validShare?: number;
}

interface KeptSong {
  readonly entry: Omit<SongEntry, 'split'>;
  readonly game: string | undefined;
  readonly composer: string | undefined;
  readonly sketch: Sketch;
  readonly counts: SongCounts;
  /** Its line in the report, which changes if it turns out to be a copy. */
  readonly reported: ReportEntry;
  readonly keptNaively: number;
  readonly sequences: readonly EncodedSequence[];
}

/** Collects songs one by one and keeps account of what was dropped and why. */
export class DatasetBuilder {
  readonly #encoding: Encoding;
  readonly #options: DatasetOptions;
  #songs: KeptSong[] = [];
  readonly #entries: ReportEntry[] = [];
  readonly #pathOfHash = new Map<string, string>();
  #keptNaively = 0;
  readonly #paths = new Set<string>();

  constructor(encoding: Encoding, options: DatasetOptions = {}) {
    this.#encoding = encoding;
    this.#options = options;
  }

  /** Files looked at, and songs kept, so far. */
  get counts(): { readonly files: number; readonly songs: number } {
    return { files: this.#entries.length, songs: this.#songs.length };
  }

  /** Notes that a file was left out. */
  refuse(path: string, reason: string, repairs: readonly string[] = []): void {
    this.#entries.push({ path, kept: false, reason, repairs: [...repairs], voices: {} });
  }

  /** The path under which these bytes have been seen before, or undefined if they are new. */
  duplicateOf(sha256: string): string | undefined {
    return this.#pathOfHash.get(sha256);
  }

  /**
   * Encodes a song whose tempo is known or estimated.
   *
   * @param reading the song as it was read: what copies, and the published tool's rules, are told by
   * @param sha256 of the file, or of the song where there is none
   */
  add(path: string, song: Song, reading: SongReading, sha256: string): void {
    this.#pathOfHash.set(sha256, path);
    const unwanted = refusal(song, { ...ALL_SONGS, ...this.#options.filters });
    if (unwanted !== undefined) {
      this.refuse(path, unwanted, reading.repairs);
      return;
    }
    const source = reading.song;
    const asked = this.#asked(this.#encoding.exactTimes ? source : song);
    const { sequences, dropped } = this.#encoding.encode(asked);
    const voices: Partial<Record<VoiceName, string>> = {};
    for (const { voice, reason } of dropped) voices[voice] = reason;
    for (const voice of keptVoices({ sequences, dropped }, asked)) voices[voice] = KEPT;
    const naive = this.#encoding.naive?.encode(this.#asked(source));
    const keptNaively = naive === undefined ? 0 : keptVoices(naive, source).size;
    this.#keptNaively += keptNaively;

    const kept = sequences.length > 0;
    const reason = kept ? {} : { reason: dropped.length > 0 ? 'no voice was kept' : 'no notes for this encoding' };
    const reported = { path, kept, ...reason, repairs: [...reading.repairs], voices };
    this.#entries.push(reported);
    if (!kept) return;
    const { beatsPerMinute, origin: tempoOrigin, confidence: tempoConfidence } = song.tempo;
    this.#songs.push({
      entry: { path: this.#unique(path), title: song.title, sha256, beatsPerMinute, tempoOrigin, tempoConfidence },
      game: reading.game ?? gameOf(path),
      composer: reading.composer,
      sketch: sketchOf(source),
      counts: countSong(asked),
      reported,
      keptNaively,
      sequences,
    });
  }

  /**
   * Finds copies, deals the songs to splits and lays out the shards. The order in which songs came does not matter.
   *
   * @throws DataError if no song was kept
   */
  finish(inputs: readonly string[]): Dataset {
    const { seed = 1, validShare = 0.1, voices = VOICE_NAMES, copies: rule = 'all' } = this.#options;
    if (this.#songs.length === 0) throw this.#nothingKept(inputs);
    this.#songs.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
    const paths = this.#songs.map(({ entry }) => entry.path);
    const duplicates = findDuplicates(this.#songs.map(({ sketch }) => sketch));
    const dealt = this.#songs.map(({ game, composer }, index) => ({ path: paths[index], game, composer }));
    const splitOfSong = assignSplits(dealt, duplicates.groups, seed, validShare);
    const splitOf = new Map(paths.map((path, index) => [path, splitOfSong[index]]));
    this.#drop(surplusCopies(duplicates, splitOfSong, rule));

    const songs = this.#songs;
    const shards = {
      train: makeShard(songs, splitOf, 'train'),
      valid: makeShard(songs, splitOf, 'valid'),
      test: makeShard(songs, splitOf, 'test'),
    };
    const splits = { train: shardEntry(shards.train), valid: shardEntry(shards.valid), test: shardEntry(shards.test) };
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
      songs: songs.map(({ entry }) => ({ ...entry, split: splitOf.get(entry.path) ?? 'train' })),
      fingerprint: fingerprintOf(encoding, splits),
    };
    const countsOf = (split: Split) =>
      sumCounts(songs.flatMap(({ entry, counts }) => (splitOf.get(entry.path) === split ? counts : [])));
    const statistics = { train: countsOf('train'), valid: countsOf('valid'), test: countsOf('test') };
    const report = this.#report(describeCopies(duplicates, paths, splitOfSong), statistics);
    return new Dataset(manifest, report, shards);
  }

  #nothingKept(inputs: readonly string[]): DataError {
    const files = this.#entries.length;
    const reasons = Object.entries(tally(this.#entries.flatMap(({ reason }) => reason ?? [])));
    const listed = reasons.slice(0, 3).map(([reason, count]) => `${count}: ${reason}`);
    return new DataError(
      inputs.join(', ') || 'input',
      `no usable song in ${files} ${files === 1 ? 'file' : 'files'}${listed.length > 0 ? ` (${listed.join('; ')})` : ''}`,
      'give MIDI files with melodies, in files, folders or archives',
    );
  }

  #unique(path: string): string {
    let unique = path;
    for (let number = 2; this.#paths.has(unique); number++) unique = `${path} (${number})`;
    this.#paths.add(unique);
    return unique;
  }

  /** The song with the voices that were asked for; the manifest names them, so that the others need no word. */
  #asked(song: Song): Song {
    const { voices = VOICE_NAMES } = this.#options;
    const of = (voice: VoiceName) => (voices.includes(voice) ? song.voices[voice] : []);
    return {
      ...song,
      voices: { pulse1: of('pulse1'), pulse2: of('pulse2'), triangle: of('triangle'), noise: of('noise') },
    };
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

  #report(copies: Copies[], statistics: Report['statistics']): Report {
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
      droppedFiles: tally(this.#entries.flatMap(({ reason }) => reason ?? [])),
      droppedVoices: tally(voices.filter((reason) => reason !== KEPT)),
      copies,
      statistics,
      entries: this.#entries.sort((a, b) => (a.path < b.path ? -1 : 1)),
    };
  }
}

const KEPT = 'kept';

/** The voices that sequences tell of: a sequence of all voices tells of those that have notes and were not dropped. */
function keptVoices({ sequences, dropped }: Encoded, song: Song): Set<VoiceName> {
  const isDropped = (voice: VoiceName) => dropped.some((part) => part.voice === voice);
  const sounding = VOICE_NAMES.filter((voice) => song.voices[voice].length > 0 && !isDropped(voice));
  return new Set(sequences.flatMap(({ voice }) => (voice === 'all' ? sounding : voice)));
}

/** How often each reason occurs, the most frequent first. */
function tally(reasons: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}

function makeShard(songs: readonly KeptSong[], splitOf: ReadonlyMap<string, Split>, split: Split): Shard {
  const index = [];
  const parts = [];
  let start = 0;
  for (const [song, { entry, sequences }] of songs.entries()) {
    if (splitOf.get(entry.path) !== split) continue;
    for (const { voice, events } of sequences) {
      index.push({ song, voice, start, length: events.length });
      parts.push(events);
      start += events.length;
    }
  }
  const events = new Uint16Array(start);
  for (const [position, part] of parts.entries()) events.set(part, index[position].start);
  return { events, index };
}

function shardEntry(shard: Shard): ShardEntry {
  const files = shardFiles(shard);
  return {
    sequences: shard.index.length,
    events: shard.events.length,
    eventsSha256: sha256Of(files.events),
    indexSha256: sha256Of(files.index),
  };
}
