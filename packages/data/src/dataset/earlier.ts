import { closeSync, createReadStream, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { VOICE_NAMES } from '@chipsmith/apu';
import { z } from 'zod';
import type { Encoding } from '../encoding.ts';
import { encodings } from '../encodings.ts';
import { DataError, isSystemError } from '../error.ts';
import { type BuiltDataset, type BuiltSong, byPath } from './builder.ts';
import type { Dataset, DatasetSequence } from './dataset.ts';
import { openDataset, PREPARED } from './files.ts';
import { parseJson, SPLITS, songCountsSchema } from './manifest.ts';
import { PREPARATION_VERSION, type PreparedFile, type PreparedMusic, type SongSettings } from './preparation.ts';

/*
 * PREPARED is what a dataset remembers of the files that it was made of, so that preparing it again has only those to do that have
 * changed. The first line says how they were prepared; each further line is a file: what became of its songs, and of those with
 * music the number they have in the manifest, by which title, tempo and sequences are found again.
 */

const musicSchema = z.strictObject({
  number: z.int().min(0),
  game: z.string().optional(),
  composer: z.string().optional(),
  sketch: z.strictObject({ notes: z.string().optional(), runs: z.base64() }),
  counts: songCountsSchema,
});
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

/** How files are prepared, as the first line says it: equal lines, equal results. */
function headLine(
  { name, version }: Encoding,
  { voices = VOICE_NAMES, filters = {}, arranger = {} }: SongSettings,
): string {
  return JSON.stringify({ preparation: PREPARATION_VERSION, encoding: { name, version }, voices, filters, arranger });
}

/** Where the hash of a line stands, which begins with `{"sha256":"`. */
const HASH = { start: 11, end: 75 } as const;

/** Writes what the next preparation need not find out again. Files with a song that was left out as a copy are not among it. */
export function writePrepared(folder: string, encoding: Encoding, settings: SongSettings, built: BuiltDataset): void {
  const descriptor = openSync(join(folder, PREPARED), 'wx');
  try {
    writeSync(descriptor, `${headLine(encoding, settings)}\n`);
    for (const line of preparedLines(built)) writeSync(descriptor, `${JSON.stringify(line)}\n`);
  } finally {
    closeSync(descriptor);
  }
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
  readonly #lines: ReadonlyMap<string, { readonly start: number; readonly length: number }>;

  private constructor(file: string, dataset: Dataset, lines: Map<string, { start: number; length: number }>) {
    this.#file = file;
    this.#dataset = dataset;
    this.#sequences = sequencesBySong(dataset);
    this.#lines = lines;
  }

  /**
   * @returns undefined if there is none, it was made with other settings, or it is damaged: then everything is done anew.
   *   Encodings that are not of this package may differ under one name, and are always done anew.
   */
  static async open(
    folder: string,
    encoding: Encoding,
    settings: SongSettings,
  ): Promise<EarlierPreparation | undefined> {
    if (!encodings.includes(encoding)) return undefined;
    const file = join(folder, PREPARED);
    const lines = new Map<string, { start: number; length: number }>();
    try {
      let position = 0;
      for await (const line of linesOf(file)) {
        if (position === 0 && line.toString() !== headLine(encoding, settings)) return undefined;
        lines.set(line.toString('latin1', HASH.start, HASH.end), { start: position, length: line.length });
        position += line.length + 1;
      }
      return new EarlierPreparation(file, await openDataset(folder), lines);
    } catch (error) {
      if (error instanceof DataError || isSystemError(error)) return undefined;
      throw error;
    }
  }

  /** What became of a file of these bytes at this path; undefined if it was not there. */
  find(path: string, sha256: string): PreparedFile | undefined {
    const place = this.#lines.get(sha256);
    if (place === undefined) return undefined;
    const file = parseJson(this.#read(place), fileSchema, this.#file);
    if (file.path !== path || file.sha256 !== sha256) return undefined;
    const songs = file.songs.map(({ music, ...song }) => (music ? { ...song, music: this.#musicOf(music) } : song));
    return { path, sha256, songs };
  }

  #read({ start, length }: { readonly start: number; readonly length: number }): string {
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
    const runs = new Uint32Array(Uint8Array.from(Buffer.from(sketch.runs, 'base64')).buffer);
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

/** The lines of a file, which may be larger than memory. @throws the operating system's error if it cannot be read */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file)) {
    rest = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      yield rest.subarray(start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
  }
}
