import { basename, resolve } from 'node:path';
import type { Encoding } from '../encoding.ts';
import { DataError } from '../error.ts';
import type { SongReading } from '../reading.ts';
import type { Song } from '../song.ts';
import { withEstimatedTiming } from '../timing/tempo.ts';
import { DatasetBuilder, type DatasetOptions } from './builder.ts';
import { type Dataset, sha256Of } from './dataset.ts';
import { checkOutput, writeDataset } from './files.ts';
import { readSongs } from './formats.ts';
import { readSources, type SourceFile } from './sources.ts';

export interface PrepareOptions extends DatasetOptions {
  /** Files, folders, .zip, .tar and .tar.gz archives. */
  readonly inputs: readonly string[];
  readonly encoding: Encoding;
  /** The dataset folder to write. */
  readonly output: string;
  /** Called after each piece of input. */
  readonly onProgress?: (progress: PrepareProgress) => void;
  /** Aborting ends the work with the signal's reason; nothing is left behind. */
  readonly signal?: AbortSignal;
}

export interface PrepareProgress {
  /** Share of the input that is done, 0..1. */
  readonly share: number;
  /** Files looked at, and songs kept. */
  readonly files: number;
  readonly songs: number;
}

/**
 * Reads the songs of files, folders and archives (the kinds of file: see formats.ts), estimates tempo where there is none, encodes each voice and writes a
 * dataset folder: manifest.json, report.json (what became of each file), and for each split its events and their index.
 *
 * Folders named train, valid and test keep their songs; other songs are dealt so that a game, a composer and nearly equal music stay
 * together. Files with equal bytes count once. Memory: the encoded events and one file at a time. The same input, encoding and seed give the same bytes.
 *
 * @returns the dataset, as openDataset would give it
 * @throws DataError if an input is missing or damaged, no song is usable, or `output` cannot be used
 */
export async function prepareDataset(options: PrepareOptions): Promise<Dataset> {
  const { inputs, encoding, output, onProgress, signal } = options;
  if (inputs.length === 0) throw new DataError('input', 'none is given', 'name a file, folder or archive');
  await checkOutput(output);
  const builder = new DatasetBuilder(encoding, options);
  await readSources(
    inputs,
    {
      file: (file) => addFile(builder, file),
      refuse: (path, reason) => builder.refuse(path, reason),
      progress: (share) => onProgress?.({ share, ...builder.counts }),
    },
    signal,
  );
  const dataset = builder.finish(inputs.map((input) => basename(resolve(input))));
  signal?.throwIfAborted();
  await writeDataset(dataset, output);
  return dataset;
}

/** Makes a dataset of songs that are already in memory; each song counts as a file of its own, named by its title. */
export function datasetFromSongs(songs: readonly Song[], encoding: Encoding, options: DatasetOptions = {}): Dataset {
  const builder = new DatasetBuilder(encoding, options);
  for (const song of songs) {
    builder.add(song.title, withEstimatedTiming(song), { song, repairs: [] }, sha256Of(JSON.stringify(song)));
  }
  return builder.finish(['songs']);
}

function addFile(builder: DatasetBuilder, { path, bytes }: SourceFile): void {
  const sha256 = sha256Of(bytes);
  const duplicate = builder.duplicateOf(sha256);
  if (duplicate !== undefined) {
    builder.refuse(path, 'the same file came before');
    return;
  }
  try {
    const found = readSongs(bytes, path);
    for (const song of found) {
      if ('problem' in song) builder.refuse(song.path, song.problem);
      else addSong(builder, song.path, song.reading, found.length === 1 ? sha256 : sha256OfMusic(song.reading.song));
    }
  } catch (error) {
    // One bad file among thousands is a line of the report.
    if (!(error instanceof DataError)) throw error;
    builder.refuse(path, error.problem);
  }
}

/** Songs of a book may repeat, though the files differ. */
function addSong(builder: DatasetBuilder, path: string, reading: SongReading, sha256: string): void {
  if (builder.duplicateOf(sha256) !== undefined) builder.refuse(path, 'the same music came before');
  else builder.add(path, withEstimatedTiming(reading.song), reading, sha256);
}

function sha256OfMusic({ voices, duration }: Song): string {
  return sha256Of(JSON.stringify([voices, duration]));
}
