import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from '../../src/dataset/found-file.ts';
import { readSources } from '../../src/node/archives/sources.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The folder of real data, by default beside the project. */
export const DATA_FOLDER = process.env.CHIPSMITH_DATA ?? `${root}../shared/data`;

export const NESMDB_ARCHIVE = `${DATA_FOLDER}/nesmdb/nesmdb_midi_train_valid.tar.gz`;
export const hasNesMdb = existsSync(NESMDB_ARCHIVE);
/** For the name of a test that needs it. */
export const NESMDB_NOTE = hasNesMdb ? 'NES-MDB' : 'NES-MDB (skipped: set CHIPSMITH_DATA to the data folder)';

/** The files of NES-MDB, of which none is refused. */
export async function* nesMdbFiles(): AsyncGenerator<SourceFile> {
  for await (const step of readSources([NESMDB_ARCHIVE])) {
    if ('reason' in step) throw new Error(`${step.path}: ${step.reason}`);
    if ('bytes' in step) yield step;
  }
}
