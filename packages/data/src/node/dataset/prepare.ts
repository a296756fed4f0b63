import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { DatasetBuilder, type DatasetOptions } from '../../dataset/builder.ts';
import type { Dataset } from '../../dataset/dataset.ts';
import { refusedFile, type SongSettings } from '../../dataset/preparation.ts';
import type { Encoding } from '../../encodings/encoding.ts';
import { DataError } from '../../error.ts';
import { sha256Of } from '../../sha256.ts';
import { readSources } from '../archives/sources.ts';
import { replaceFolder } from '../files/folder.ts';
import { EarlierPreparation, writePrepared } from './earlier.ts';
import { checkOutput, openDataset, writeTexts, writingShards } from './files.ts';
import { Spool } from './spool.ts';
import { ThreadPool } from './threads.ts';

export interface PrepareOptions extends DatasetOptions {
  /** Files, folders, .zip, .tar and .tar.gz archives. */
  readonly inputs: readonly string[];
  readonly encoding: Encoding;
  /** The dataset folder to write. Files that it was made of before, and that are still the same, are not done again. */
  readonly output: string;
  /**
   * Threads that prepare files; as many as the processor runs at once, but no more than 8, if left out. 1: the caller
   * does the work.
   */
  readonly threads?: number | undefined;
  /** Called after each file. */
  readonly onProgress?: (progress: PrepareProgress) => void;
  /** Aborting ends the work with the signal's reason; nothing is left behind. */
  readonly signal?: AbortSignal;
}

export interface PrepareProgress {
  /** Share of the input that is done, 0..1. */
  readonly share: number;
  /** Files looked at; of these not done again, since they are as they were; songs kept. */
  readonly files: number;
  readonly unchanged: number;
  readonly songs: number;
}

/**
 * Reads the songs of files, folders and archives (the kinds of file: see formats.ts), estimates tempo where there is
 * none, encodes each voice and writes a dataset folder: manifest.json, report.json (what became of each file), for each
 * split its events and their index, and prepared.jsonl (for the next time).
 *
 * Folders named train, valid and test keep their songs; other songs are dealt so that a game, a composer and nearly
 * equal music stay together. Files with equal bytes count once. The same input, encoding and seed give the same bytes,
 * on any number of threads and whatever of it was there before. Memory: what is known of each song, and a few files;
 * events wait on disk.
 *
 * @returns the dataset, as openDataset gives it
 * @throws DataError if an input is missing or damaged, no song is usable, or `output` cannot be used
 */
export async function prepareDataset(options: PrepareOptions): Promise<Dataset> {
  const { inputs, encoding, output, signal } = options;
  if (inputs.length === 0) throw new DataError('input', 'none is given', 'name a file, folder or archive');
  await checkOutput(output);
  await replaceFolder(output, async (partial) => {
    const spool = new Spool(join(partial, 'spool'));
    try {
      const builder = new DatasetBuilder(encoding, options, spool.keep);
      await prepareFiles(options, builder);
      const names = inputs.map((input) => basename(resolve(input)));
      const built = await writingShards(partial, (writers) => builder.finish(names, writers));
      signal?.throwIfAborted();
      writePrepared(partial, encoding, settingsOf(options), built);
      await writeTexts(built.dataset, partial);
    } finally {
      await spool.remove();
    }
  });
  return openDataset(output);
}

/** What is asked of songs, and nothing else: it goes to threads. */
function settingsOf({ voices, filters, arranger }: PrepareOptions): SongSettings {
  return { voices, filters, arranger };
}

/** A thread takes some 200 MB; more than these wait for the one that reads. */
function usualThreads(): number {
  return Math.min(8, availableParallelism());
}

async function prepareFiles(options: PrepareOptions, builder: DatasetBuilder): Promise<void> {
  const { inputs, encoding, output, threads = usualThreads(), onProgress, signal } = options;
  const settings = settingsOf(options);
  const earlier = await EarlierPreparation.open(output, encoding, settings);
  /** The path of the first file with these bytes. */
  const firstOf = new Map<string, string>();
  const done = { read: 0, found: 0, prepared: 0, unchanged: 0 };
  const tell = () => {
    const share = done.read * (done.prepared / Math.max(1, done.found));
    onProgress?.({ share, unchanged: done.unchanged, ...builder.counts });
  };
  const pool = new ThreadPool(encoding, settings, threads, (file) => {
    builder.add(file);
    done.prepared++;
    tell();
  });
  try {
    for await (const step of readSources(inputs, signal, output)) {
      if ('share' in step) {
        done.read = step.share;
        tell();
        await pool.ready();
        continue;
      }
      done.found++;
      if ('reason' in step) {
        pool.pass(refusedFile(step.path, step.reason));
        continue;
      }
      const sha256 = sha256Of(step.bytes);
      // An empty file is no copy of another one: it is empty.
      const first = step.bytes.length > 0 ? firstOf.get(sha256) : undefined;
      const prepared =
        first === undefined
          ? earlier?.find(step.path, sha256)
          : refusedFile(step.path, `the same file as ${JSON.stringify(first)}`);
      if (prepared?.sha256 !== undefined) done.unchanged++;
      if (first === undefined) firstOf.set(sha256, step.path);
      if (prepared === undefined) pool.add(step, sha256);
      else pool.pass(prepared);
    }
    await pool.finish();
  } finally {
    await pool.close();
  }
}
