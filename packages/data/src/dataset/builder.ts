import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import type { Encoded, EncodedSequence, Encoding } from '../encoding.ts';
import { DataError } from '../error.ts';
import type { Song } from '../song.ts';
import { Dataset, fingerprintOf, type Shard, sha256Of, shardFiles } from './dataset.ts';
import type { Report, ReportEntry, ShardEntry, SongEntry, Split } from './manifest.ts';
import { dealSplits, groupOf, splitOfFolders } from './split.ts';

/** What becomes of the songs: which voices are taken, and how songs are dealt to train and valid where folders do not say. */
export interface DatasetOptions {
  /** The voices that may give sequences; all if left out. */
  readonly voices?: readonly VoiceName[] | undefined;
  /** Decides which groups are valid; 1 if left out. */
  readonly seed?: number;
  /** Share of the groups (games, or files) that is valid, 0..1; 0.1 if left out. */
  readonly validShare?: number;
}

interface KeptSong {
  readonly entry: Omit<SongEntry, 'split'>;
  readonly sequences: readonly EncodedSequence[];
}

/** Collects songs one by one and keeps account of what was dropped and why. */
export class DatasetBuilder {
  readonly #encoding: Encoding;
  readonly #options: DatasetOptions;
  readonly #songs: KeptSong[] = [];
  readonly #entries: ReportEntry[] = [];
  readonly #pathOfHash = new Map<string, string>();
  readonly #naive = { kept: 0 };
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
  refuse(path: string, reason: string): void {
    this.#entries.push({ path, kept: false, reason, repairs: [], voices: {} });
  }

  /** The path under which these bytes have been seen before, or undefined if they are new. */
  duplicateOf(sha256: string): string | undefined {
    return this.#pathOfHash.get(sha256);
  }

  /**
   * Encodes a song whose tempo is known or estimated.
   *
   * @param source the song as it was read, for comparison with the published tool's rules
   * @param sha256 of the file, or of the song where there is none
   */
  add(path: string, song: Song, source: Song, sha256: string, repairs: readonly string[]): void {
    this.#pathOfHash.set(sha256, path);
    const asked = this.#asked(this.#encoding.exactTimes ? source : song);
    const { sequences, dropped } = this.#encoding.encode(asked);
    const voices: Partial<Record<VoiceName, string>> = {};
    for (const { voice, reason } of dropped) voices[voice] = reason;
    for (const voice of keptVoices({ sequences, dropped }, asked)) voices[voice] = KEPT;
    const naive = this.#encoding.naive?.encode(this.#asked(source));
    if (naive !== undefined) this.#naive.kept += keptVoices(naive, source).size;

    const kept = sequences.length > 0;
    const reason = kept ? {} : { reason: dropped.length > 0 ? 'no voice was kept' : 'no notes for this encoding' };
    this.#entries.push({ path, kept, ...reason, repairs: [...repairs], voices });
    if (!kept) return;
    const { beatsPerMinute, origin: tempoOrigin, confidence: tempoConfidence } = song.tempo;
    const entry = { path: this.#unique(path), title: song.title, sha256, beatsPerMinute, tempoOrigin, tempoConfidence };
    this.#songs.push({ entry, sequences });
  }

  /**
   * Deals the songs to splits and lays out the shards. The order in which songs came does not matter.
   *
   * @throws DataError if no song was kept
   */
  finish(inputs: readonly string[]): Dataset {
    const { seed = 1, validShare = 0.1, voices = VOICE_NAMES } = this.#options;
    const report = this.#report();
    if (this.#songs.length === 0) {
      const files = report.files === 1 ? 'file' : 'files';
      const reasons = Object.entries(report.droppedFiles).map(([reason, count]) => `${count}: ${reason}`);
      throw new DataError(
        inputs.join(', ') || 'input',
        `no usable song in ${report.files} ${files}${reasons.length > 0 ? ` (${reasons.slice(0, 3).join('; ')})` : ''}`,
        'give music with melodies, in files, folders or archives',
      );
    }
    const songs = this.#songs.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
    const splitOf = assignSplits(
      songs.map(({ entry }) => entry.path),
      seed,
      validShare,
    );
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
      songs: songs.map(({ entry }) => ({ ...entry, split: splitOf(entry.path) })),
      fingerprint: fingerprintOf(encoding, splits),
    };
    return new Dataset(manifest, report, shards);
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

  #report(): Report {
    const voices = this.#entries.flatMap((entry) => Object.values(entry.voices));
    const { naive } = this.#encoding;
    return {
      files: this.#entries.length,
      songs: this.#songs.length,
      voices: {
        sounding: voices.length,
        kept: voices.filter((reason) => reason === KEPT).length,
        ...(naive ? { keptNaively: this.#naive.kept } : {}),
      },
      ...(naive ? { naiveRules: naive.description } : {}),
      droppedFiles: tally(this.#entries.flatMap(({ reason }) => reason ?? [])),
      droppedVoices: tally(voices.filter((reason) => reason !== KEPT)),
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

/**
 * A song's folder decides, if it is named train, valid or test. The others are dealt by game or file; and if no folder is
 * named valid, the songs of train folders are too, so that there is something to validate on.
 */
function assignSplits(paths: readonly string[], seed: number, validShare: number): (path: string) => Split {
  const hasValid = paths.some((path) => splitOfFolders(path) === 'valid');
  const given = (path: string): Split | undefined => {
    const split = splitOfFolders(path);
    return split === 'train' && !hasValid ? undefined : split;
  };
  const dealt = dealSplits(paths.filter((path) => !given(path)).map(groupOf), seed, hasValid ? 0 : validShare);
  return (path) => given(path) ?? dealt.get(groupOf(path)) ?? 'train';
}

function makeShard(songs: readonly KeptSong[], splitOf: (path: string) => Split, split: Split): Shard {
  const index = [];
  const parts = [];
  let start = 0;
  for (const [song, { entry, sequences }] of songs.entries()) {
    if (splitOf(entry.path) !== split) continue;
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
