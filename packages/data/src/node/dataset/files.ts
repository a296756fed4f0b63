import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { Dataset, fingerprintOf } from '../../dataset/dataset.ts';
import { eventsOfBytes } from '../../dataset/event-bytes.ts';
import {
  indexSchema,
  type Manifest,
  manifestSchema,
  reportSchema,
  SPLITS,
  type Split,
} from '../../dataset/manifest.ts';
import { type EventStore, EventsInMemory, indexText, type Shard } from '../../dataset/shard.ts';
import { encodings } from '../../encodings/encodings.ts';
import { DataError } from '../../error.ts';
import { parseJsonFile } from '../../json.ts';
import { sha256Of } from '../../sha256.ts';
import { checkReplaceable, replaceFolder } from '../files/folder.ts';
import { openInputFile, readInputFile } from '../files/read-file.ts';
import { isSystemError, systemReason } from '../files/system-error.ts';
import { EventFile, type EventFileWriter, shardOnDisk } from './event-file.ts';

/** Of a damaged dataset. */
export const REMEDY = 'prepare the dataset again';

const MANIFEST = 'manifest.json';
const REPORT = 'report.json';
/** See earlier.ts. */
export const PREPARED = 'prepared.jsonl';
export const PREPARED_INDEX = 'prepared.index.json';
const eventsFile = (split: Split) => `${split}.events.u16`;
const indexFile = (split: Split) => `${split}.index.json`;

const FILES: readonly string[] = [
  MANIFEST,
  REPORT,
  PREPARED,
  PREPARED_INDEX,
  ...SPLITS.map(eventsFile),
  ...SPLITS.map(indexFile),
];

/** 64 MiB: NES-MDB has 17 MB at most. */
const KEPT_IN_MEMORY = 64 * 2 ** 20;
/**
 * What a manifest, report or index may have: of a million songs they have 300 MB, and a string of JavaScript has 512 MB
 * at most.
 */
const MAX_JSON_BYTES = 400 * 2 ** 20;
/** The mark of a dataset is the first field of its manifest. */
const MARK_BYTES = 256;

/**
 * Makes sure that a dataset may be written to `folder`: there is nothing there, or an empty folder, or a dataset and
 * nothing else.
 *
 * @throws DataError otherwise
 */
export async function checkOutput(folder: string): Promise<void> {
  await checkReplaceable(folder, (name) => FILES.includes(name), 'file of a dataset');
  const manifest = join(folder, MANIFEST);
  // Of the names that a dataset has, other programs use this one; a damaged one beside events is of a dataset all the
  // same.
  if (!existsSync(manifest) || SPLITS.some((split) => existsSync(join(folder, eventsFile(split))))) return;
  if (!(await beginningOf(manifest)).includes('"chipsmith-dataset"')) {
    throw new DataError(manifest, 'belongs to another program', 'choose another output folder');
  }
}

async function beginningOf(path: string): Promise<string> {
  const { size, read, close } = await openInputFile(path);
  try {
    return (await read(0, Math.min(size, MARK_BYTES))).toString();
  } finally {
    await close();
  }
}

/**
 * Writes a dataset to a temporary folder beside `folder`, syncs it and renames it into place: at any moment `folder`
 * holds the old dataset, or the new one, or nothing.
 *
 * @throws DataError if `folder` holds something else (checkOutput) or cannot be written
 */
export async function writeDataset(dataset: Dataset, folder: string): Promise<void> {
  await checkOutput(folder);
  await replaceFolder(folder, async (partial) => {
    await writingShards(partial, (writers) => {
      for (const split of SPLITS) {
        for (const sequence of dataset.sequences(split)) writers[split].append(sequence.read());
        writers[split].end();
      }
    });
    await writeTexts(dataset, partial);
  });
}

/** Gives `write` the shards of a folder to write. Whatever happens, their files are closed afterwards. */
export async function writingShards<T>(
  folder: string,
  write: (writers: Readonly<Record<Split, EventFileWriter>>) => T,
): Promise<T> {
  const opened: EventFileWriter[] = [];
  const writerOf = (split: Split) => {
    const writer = shardOnDisk(join(folder, eventsFile(split)));
    opened.push(writer);
    return writer;
  };
  try {
    return write({ train: writerOf('train'), valid: writerOf('valid'), test: writerOf('test') });
  } finally {
    for (const writer of opened) writer.close();
  }
}

/** Writes all of a dataset but its events. */
export async function writeTexts(dataset: Dataset, folder: string): Promise<void> {
  for (const split of SPLITS) {
    await writeSynced(join(folder, indexFile(split)), indexText(dataset.shard(split).index));
  }
  await writeSynced(join(folder, REPORT), `${JSON.stringify(dataset.report, undefined, 1)}\n`);
  await writeSynced(join(folder, MANIFEST), `${JSON.stringify(dataset.manifest, undefined, 1)}\n`);
}

async function writeSynced(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Opens a dataset folder and checks all of it: the form of its files, the hashes of its shards, and that every event
 * and index is in range.
 *
 * @param keptInMemory bytes: shards up to this size are read into memory; sequences of larger ones are read when asked
 *   for
 * @throws DataError if the folder is not a dataset or is damaged
 */
export async function openDataset(folder: string, keptInMemory = KEPT_IN_MEMORY): Promise<Dataset> {
  const missing = (file: string) => (error: unknown) => {
    if (!(error instanceof DataError) && !isSystemError(error)) throw error;
    const { problem } = error instanceof DataError ? error : systemReason(error);
    const fault = file === MANIFEST ? 'is not a dataset' : 'the dataset is not complete';
    throw new DataError(folder, `${fault} (${file}: ${problem})`, 'give the output folder of "chipsmith prepare"');
  };
  const readJson = <T>(file: string, schema: z.ZodType<T>) => readJsonFile(join(folder, file), schema, missing(file));
  const manifest = await readJson(MANIFEST, manifestSchema);
  if (manifest.fingerprint !== fingerprintOf(manifest.encoding, manifest.splits)) {
    throw new DataError(join(folder, MANIFEST), 'the fingerprint does not fit the rest', REMEDY);
  }
  checkEncoding(manifest.encoding, join(folder, MANIFEST));
  const openShard = async (split: Split): Promise<Shard> => {
    const index = await readJson(indexFile(split), indexSchema);
    checkIndex(index, manifest, split, join(folder, indexFile(split)));
    const file = join(folder, eventsFile(split));
    const store = await openEvents(file, manifest, split, keptInMemory).catch(missing(eventsFile(split)));
    return { store, index };
  };
  const shards = { train: await openShard('train'), valid: await openShard('valid'), test: await openShard('test') };
  return new Dataset(manifest, await readJson(REPORT, reportSchema), shards);
}

/**
 * One of a dataset's files by a schema.
 *
 * @param onFailure what becomes of it if the file cannot be read
 * @throws DataError if it is not as the schema says
 */
export async function readJsonFile<T>(
  path: string,
  schema: z.ZodType<T>,
  onFailure?: (error: unknown) => never,
): Promise<T> {
  const bytes = await readInputFile(path, MAX_JSON_BYTES).catch((error: unknown) => {
    onFailure?.(error);
    throw error;
  });
  return parseJsonFile(bytes.toString(), schema, path, REMEDY);
}

/** Reads through the events of a split once. @throws DataError if they are not those of the manifest */
async function openEvents(file: string, manifest: Manifest, split: Split, keptInMemory: number): Promise<EventStore> {
  const refuse = (problem: string): never => {
    throw new DataError(file, problem, REMEDY);
  };
  const { events: count, eventsSha256 } = manifest.splits[split];
  const state = await stat(file);
  if (!state.isFile()) refuse('is not a plain file');
  const { size, mtimeMs: modified } = state;
  const hash = createHash('sha256');
  const kept = size <= keptInMemory ? new Uint16Array(size >> 1) : undefined;
  let read = 0;
  if (size === count * 2) {
    let rest = Buffer.alloc(0);
    for await (const piece of createReadStream(file, { highWaterMark: 2 ** 20 })) {
      // A piece may end within an event.
      const bytes = Buffer.concat([rest, piece]);
      const events = eventsOfBytes(bytes.subarray(0, bytes.length & ~1));
      rest = bytes.subarray(events.length * 2);
      let stray = 0;
      while (stray < events.length && events[stray] < manifest.encoding.classes) stray++;
      if (stray < events.length) refuse(`event ${read + stray} is ${events[stray]}, which is not a class`);
      kept?.set(events, read);
      hash.update(piece);
      read += events.length;
    }
  }
  if (read !== count || hash.digest('hex') !== eventsSha256) {
    refuse('the events are not those of the manifest (changed or cut short)');
  }
  return kept === undefined ? new EventFile({ file, modified }) : new EventsInMemory(kept);
}

/** Holds an encoding of this package to what it is; others are taken at their word. */
function checkEncoding({ name, ...written }: Manifest['encoding'], file: string): void {
  const known = encodings.find((encoding) => encoding.name === name);
  if (known === undefined) return;
  for (const field of ['version', 'classes', 'stepsPerBar'] as const) {
    if (written[field] === known[field]) continue;
    const problem = `field encoding.${field}: ${written[field]}, but "${name}" has ${known[field]} in this version`;
    throw new DataError(file, problem, REMEDY);
  }
}

/**
 * The sequences of a split lie one behind the other, from the first event to the last, and are of songs of that split.
 */
function checkIndex(index: Shard['index'], manifest: Manifest, split: Split, file: string): void {
  const refuse = (problem: string): never => {
    throw new DataError(file, problem, REMEDY);
  };
  const { events, sequences, indexSha256 } = manifest.splits[split];
  if (sha256Of(indexText(index)) !== indexSha256) refuse('the index is not that of the manifest (changed)');
  if (index.length !== sequences) refuse(`has ${index.length} entries, but the manifest says ${sequences}`);
  let end = 0;
  for (const [number, { song, start, length }] of index.entries()) {
    if (song >= manifest.songs.length) refuse(`entry ${number} is of song ${song}, which the manifest does not have`);
    if (manifest.songs[song].split !== split) refuse(`entry ${number} is of song ${song}, which is not in this split`);
    if (start !== end) refuse(`entry ${number} starts at event ${start}, not ${end}, where the one before ends`);
    end += length;
  }
  if (end !== events) refuse(`its entries have ${end} events, but the manifest says ${events}`);
}
