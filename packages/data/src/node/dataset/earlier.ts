import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { VOICE_NAMES } from '@chipsmith/apu';
import { z } from 'zod';
import { type BuiltDataset, type BuiltSong, byPath } from '../../dataset/builder.ts';
import type { Dataset, DatasetSequence } from '../../dataset/dataset.ts';
import { type Manifest, SPLITS, songCountsSchema } from '../../dataset/manifest.ts';
import {
  PREPARATION_VERSION,
  type PreparedFile,
  type PreparedMusic,
  type SongSettings,
} from '../../dataset/preparation.ts';
import type { Encoding } from '../../encodings/encoding.ts';
import { encodings } from '../../encodings/encodings.ts';
import { DataError } from '../../error.ts';
import { parseJsonFile } from '../../json.ts';
import { sha256Of } from '../../sha256.ts';
import { sha256OfFile } from '../files/read-file.ts';
import { openDataset, PREPARED, PREPARED_INDEX, REMEDY, readJsonFile } from './files.ts';

/*
 * PREPARED is what a dataset remembers of the files that it was made of, so that preparing it again has only those to
 * do that have changed. Each line is a file: what became of its songs, and of those with music the number they have in
 * the manifest, by which title, tempo and sequences are found again. PREPARED_INDEX says how they were prepared and for
 * which dataset, where the line of each file is, and the hash of them all: whatever is not as it was written is not
 * believed.
 */

const musicSchema = z.strictObject({
  number: z.int().min(0),
  game: z.string().optional(),
  composer: z.string().optional(),
  /** The runs are numbers of 32 bits. */
  sketch: z.strictObject({
    notes: z.string().optional(),
    runs: z.base64().refine((text) => bytesOf(text).length % 4 === 0),
  }),
  counts: songCountsSchema,
});
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const songSchema = z.strictObject({
  path: z.string(),
  sha256: z.string().optional(),
  repairs: z.array(z.string()),
  voices: z.partialRecord(z.enum(VOICE_NAMES), z.string()),
  keptNaively: z.int().min(0),
  reason: z.string().optional(),
  music: musicSchema.optional(),
});
type SongLine = z.infer<typeof songSchema>;
const fileSchema = z.strictObject({ sha256: z.string(), path: z.string(), songs: z.array(songSchema) });
type FileLine = z.infer<typeof fileSchema>;

/** Where a file's line is in PREPARED, in bytes. */
const placeSchema = z.strictObject({ sha256: z.string(), start: z.int().min(0), length: z.int().min(1) });
type LinePlace = z.infer<typeof placeSchema>;
const indexSchema = z.strictObject({
  /** See `preparationOf`. */
  preparation: z.string(),
  files: z.array(placeSchema),
  /** Of PREPARED. */
  sha256: z.string(),
});

/**
 * How files are prepared and for which dataset: equal texts, equal results. The dataset is told by its fingerprint and
 * by all that is taken from its manifest.
 */
function preparationOf(
  { name, version }: Encoding,
  { voices = VOICE_NAMES, filters = {}, arranger = {} }: SongSettings,
  { fingerprint, songs }: Manifest,
): string {
  const encoding = { name, version };
  const told = songs.map((song) => [
    song.path,
    song.title,
    song.beatsPerMinute,
    song.tempoOrigin,
    song.tempoConfidence,
  ]);
  const dataset = sha256Of(JSON.stringify([fingerprint, told]));
  return JSON.stringify({ preparation: PREPARATION_VERSION, encoding, voices, filters, arranger, dataset });
}

/**
 * Writes what the next preparation need not find out again. Files with a song that was left out as a copy are not among
 * it.
 */
export function writePrepared(folder: string, encoding: Encoding, settings: SongSettings, built: BuiltDataset): void {
  const descriptor = openSync(join(folder, PREPARED), 'wx');
  const hash = createHash('sha256');
  const files: LinePlace[] = [];
  let start = 0;
  try {
    for (const line of preparedLines(built)) {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
      hash.update(bytes);
      for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written);
      files.push({ sha256: line.sha256, start, length: bytes.length });
      start += bytes.length;
    }
  } finally {
    closeSync(descriptor);
  }
  const preparation = preparationOf(encoding, settings, built.dataset.manifest);
  const index: z.infer<typeof indexSchema> = { preparation, files, sha256: hash.digest('hex') };
  writeFileSync(join(folder, PREPARED_INDEX), `${JSON.stringify(index)}\n`, { flag: 'wx' });
}

function* preparedLines({ files, numberOf }: BuiltDataset): Generator<FileLine> {
  for (const { path, sha256, songs } of [...files].sort(byPath)) {
    const lines = songs.map((song) => songLine(song, numberOf));
    if (lines.every((line) => line !== undefined)) yield { sha256, path, songs: lines };
  }
}

/** Undefined for a song that was left out because another is the same music: should that one go, it is needed. */
function songLine({ song, kept }: BuiltSong, numberOf: BuiltDataset['numberOf']): SongLine | undefined {
  const line = { ...song, repairs: [...song.repairs] };
  if (kept === undefined) return line;
  const number = kept === 'elsewhere' ? undefined : numberOf.get(kept);
  if (kept === 'elsewhere' || number === undefined) return undefined;
  const { game, composer, sketch, counts } = kept.load();
  const runs = Buffer.from(sketch.runs.buffer, sketch.runs.byteOffset, sketch.runs.byteLength).toString('base64');
  return { ...line, music: { number, game, composer, sketch: { notes: sketch.notes, runs }, counts } };
}

/** What an earlier preparation into the same folder found out. */
export class EarlierPreparation {
  readonly #file: string;
  readonly #dataset: Dataset;
  readonly #sequences: ReadonlyMap<number, readonly DatasetSequence[]>;
  /** Where the line of a file is, by its hash. */
  readonly #lines: ReadonlyMap<string, LinePlace>;

  private constructor(file: string, dataset: Dataset, lines: ReadonlyMap<string, LinePlace>) {
    this.#file = file;
    this.#dataset = dataset;
    this.#sequences = sequencesBySong(dataset);
    this.#lines = lines;
  }

  /**
   * @returns undefined if there is none, it was made with other settings, or it is damaged: then everything is done
   *   anew. Encodings that are not of this package may differ under one name, and are always done anew.
   */
  static async open(
    folder: string,
    encoding: Encoding,
    settings: SongSettings,
  ): Promise<EarlierPreparation | undefined> {
    if (!encodings.includes(encoding)) return undefined;
    const file = join(folder, PREPARED);
    try {
      const dataset = await openDataset(folder);
      const index = await readJsonFile(join(folder, PREPARED_INDEX), indexSchema);
      if (index.preparation !== preparationOf(encoding, settings, dataset.manifest)) return undefined;
      if (index.sha256 !== (await sha256OfFile(file))) return undefined;
      return new EarlierPreparation(file, dataset, new Map(index.files.map((place) => [place.sha256, place])));
    } catch (error) {
      if (error instanceof DataError) return undefined;
      throw error;
    }
  }

  /**
   * What became of a file of these bytes at this path; undefined if it was not there, or what is said of it makes no
   * sense.
   */
  find(path: string, sha256: string): PreparedFile | undefined {
    const place = this.#lines.get(sha256);
    if (place === undefined) return undefined;
    try {
      const file = parseJsonFile(this.#read(place), fileSchema, this.#file, REMEDY);
      if (file.path !== path || file.sha256 !== sha256) return undefined;
      const songs = file.songs.map(({ music, ...song }) => (music ? { ...song, music: this.#musicOf(music) } : song));
      return { path, sha256, songs };
    } catch (error) {
      if (error instanceof DataError) return undefined;
      throw error;
    }
  }

  #read({ start, length }: LinePlace): string {
    const descriptor = openSync(this.#file, 'r');
    try {
      const bytes = Buffer.alloc(length);
      readSync(descriptor, bytes, 0, length, start);
      return bytes.toString();
    } finally {
      closeSync(descriptor);
    }
  }

  #musicOf({ number, game, composer, sketch, counts }: z.infer<typeof musicSchema>): PreparedMusic {
    const entry = this.#dataset.manifest.songs[number];
    const sequences = this.#sequences.get(number);
    if (entry === undefined || sequences === undefined) {
      throw new DataError(
        this.#file,
        `song ${number} is not in the dataset`,
        'remove the dataset and prepare it again',
      );
    }
    const { title, beatsPerMinute, tempoOrigin, tempoConfidence } = entry;
    const runs = new Uint32Array(bytesOf(sketch.runs).buffer);
    return {
      ...{ title, beatsPerMinute, tempoOrigin, tempoConfidence, game, composer, counts },
      sketch: { notes: sketch.notes, runs },
      sequences: sequences.map(({ voice, bar, read }) => ({ voice, bar, events: read() })),
    };
  }
}

function sequencesBySong(dataset: Dataset): Map<number, DatasetSequence[]> {
  const bySong = new Map<number, DatasetSequence[]>();
  for (const split of SPLITS) {
    const sequences = dataset.sequences(split);
    for (const [position, { song }] of dataset.shard(split).index.entries()) {
      const ofSong = bySong.get(song) ?? [];
      ofSong.push(sequences[position]);
      bySong.set(song, ofSong);
    }
  }
  return bySong;
}
