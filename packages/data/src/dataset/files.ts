import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { DataError, systemReason } from '../error.ts';
import { checkReplaceable, replaceFolder } from '../folder.ts';
import { Dataset, fingerprintOf, type Shard, sha256Of, shardFiles } from './dataset.ts';
import { indexSchema, type Manifest, manifestSchema, parseJson, reportSchema, SPLITS, type Split } from './manifest.ts';

const MANIFEST = 'manifest.json';
const REPORT = 'report.json';
const eventsFile = (split: Split) => `${split}.events.u16`;
const indexFile = (split: Split) => `${split}.index.json`;

const FILES: readonly string[] = [MANIFEST, REPORT, ...SPLITS.map(eventsFile), ...SPLITS.map(indexFile)];

/**
 * Makes sure that a dataset may be written to `folder`: there is nothing there, or an empty folder, or a dataset and nothing
 * else.
 *
 * @throws DataError otherwise
 */
export async function checkOutput(folder: string): Promise<void> {
  await checkReplaceable(folder, (name) => FILES.includes(name), 'file of a dataset');
  const manifest = await readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined);
  if (manifest !== undefined && !manifest.includes('"chipsmith-dataset"')) {
    throw new DataError(join(folder, MANIFEST), 'is of another program', 'choose another output folder');
  }
}

/**
 * Writes a dataset to a temporary folder beside `folder`, syncs it and renames it into place: at any moment `folder` holds the
 * old dataset, or the new one, or nothing.
 *
 * @throws DataError if `folder` holds something else (checkOutput) or cannot be written
 */
export async function writeDataset(dataset: Dataset, folder: string): Promise<void> {
  await checkOutput(folder);
  await replaceFolder(folder, async (partial) => {
    for (const split of SPLITS) {
      const files = shardFiles(dataset.shard(split));
      await writeSynced(join(partial, eventsFile(split)), files.events);
      await writeSynced(join(partial, indexFile(split)), files.index);
    }
    await writeSynced(join(partial, REPORT), `${JSON.stringify(dataset.report, undefined, 1)}\n`);
    await writeSynced(join(partial, MANIFEST), `${JSON.stringify(dataset.manifest, undefined, 1)}\n`);
  });
}

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Opens a dataset folder and checks all of it: the form of its files, the hashes of its shards, and that every event and
 * index is in range.
 *
 * @throws DataError if the folder is no dataset or is damaged
 */
export async function openDataset(folder: string): Promise<Dataset> {
  const read = (file: string) =>
    readFile(join(folder, file)).catch((error: unknown) => {
      const problem = file === MANIFEST ? 'is no dataset' : 'the dataset is not complete';
      const reason = `${problem} (${file}: ${systemReason(error).problem})`;
      throw new DataError(folder, reason, 'give the output folder of "chipsmith prepare"');
    });
  const readJson = async <T>(file: string, schema: z.ZodType<T>) =>
    parseJson((await read(file)).toString('utf8'), schema, join(folder, file));
  const manifest = await readJson(MANIFEST, manifestSchema);
  if (manifest.fingerprint !== fingerprintOf(manifest.encoding, manifest.splits)) {
    throw new DataError(join(folder, MANIFEST), 'the fingerprint does not fit the rest', 'prepare the dataset again');
  }
  const readShard = async (split: Split): Promise<Shard> => {
    const shard = {
      events: await read(eventsFile(split)),
      index: await readJson(indexFile(split), indexSchema),
    };
    return checkShard(shard.events, shard.index, manifest, split, (file) => join(folder, file));
  };
  const shards = { train: await readShard('train'), valid: await readShard('valid'), test: await readShard('test') };
  return new Dataset(manifest, await readJson(REPORT, reportSchema), shards);
}

function checkShard(
  bytes: Uint8Array,
  index: Shard['index'],
  manifest: Manifest,
  split: Split,
  place: (file: string) => string,
): Shard {
  const refuse = (file: string, problem: string): never => {
    throw new DataError(place(file), problem, 'prepare the dataset again');
  };
  const entry = manifest.splits[split];
  if (bytes.length !== entry.events * 2 || sha256Of(bytes) !== entry.eventsSha256) {
    refuse(eventsFile(split), 'the events are not those of the manifest (changed or cut short)');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const events = Uint16Array.from({ length: entry.events }, (_, position) => view.getUint16(position * 2, true));
  const shard = { events, index };
  if (sha256Of(shardFiles(shard).index) !== entry.indexSha256) {
    refuse(indexFile(split), 'the index is not that of the manifest (changed)');
  }
  const strayEvent = events.findIndex((event) => event >= manifest.encoding.classes);
  if (strayEvent >= 0) refuse(eventsFile(split), `event ${strayEvent} is ${events[strayEvent]}, which is no class`);
  const stray = index.findIndex(
    ({ song, start, length }) => song >= manifest.songs.length || start + length > events.length,
  );
  if (stray >= 0) refuse(indexFile(split), `entry ${stray} points outside the dataset`);
  return shard;
}
