import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { melodyEncoding } from '../src/index.ts';
import { prepareDataset } from '../src/node/index.ts';
import { tarGzOf } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';
import { fuzzCase } from './support/fuzz-cases.ts';
import { tuneMidi } from './support/tunes.ts';

/** A sound file so that there is a dataset, and the damaged ones of numbers far from those of the other test. */
const files: { readonly path: string; readonly bytes: Uint8Array }[] = [
  { path: 'sound.mid', bytes: tuneMidi(1) },
  ...Array.from({ length: 120 }, (_, index) => fuzzCase(10_000 + index))
    .filter(({ name }) => !name.startsWith('archive'))
    .map(({ name, bytes }, index) => ({ path: `${String(index).padStart(3, '0')}-${name}`, bytes })),
];

const folder = temporaryFolder();

describe('prepareDataset on damaged files', () => {
  it.each(['folder', 'zip', 'tar.gz'])(
    'has a line for every file of a %s: kept, or refused with a reason',
    async (kind) => {
      const input = join(folder, `input.${kind}`);
      if (kind === 'folder') {
        mkdirSync(input);
        for (const { path, bytes } of files) writeFileSync(join(input, path), bytes);
      } else {
        const entries = Object.fromEntries(files.map(({ path, bytes }) => [path, bytes]));
        writeFileSync(input, kind === 'zip' ? zipSync(entries) : tarGzOf(files));
      }
      const output = join(folder, `output-${kind}`);
      const { report } = await prepareDataset({ inputs: [input], encoding: melodyEncoding, output, validShare: 0 });
      // The tunes of a book have lines of their own below its path.
      const lines = report.entries.map((entry) => ({ ...entry, path: entry.path.replace(/^input\.folder\//, '') }));
      for (const { path } of files) {
        const ofFile = lines.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`));
        expect(ofFile.length, path).toBeGreaterThan(0);
        for (const { kept, reason } of ofFile) expect(kept || (reason ?? '') !== '', path).toBe(true);
      }
      const isOfFile = (entry: string) => files.some(({ path }) => entry === path || entry.startsWith(`${path}/`));
      expect(lines.filter(({ path }) => !isOfFile(path))).toEqual([]);
      expect(lines.find(({ path }) => path === 'sound.mid')?.kept).toBe(true);
      expect(lines.filter(({ reason }) => reason?.includes('byte ')).length).toBeGreaterThan(files.length / 4);
    },
  );
});
