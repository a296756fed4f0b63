import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import {
  createMelodyEncoding,
  type Encoding,
  melodyEncoding,
  monoEncoding,
  NES_RULES,
  type PrepareOptions,
  prepareDataset,
} from '../src/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { tuneMidi } from './support/tunes.ts';

const folder = temporaryFolder();
const place = (name: string) => join(folder, name);

/** A folder of tunes that can be changed, and a few files that are no music. */
function tunes(name: string, count: number): string {
  mkdirSync(place(name));
  for (let index = 0; index < count; index++) writeFileSync(join(place(name), `${index}.mid`), tuneMidi(index));
  writeFileSync(join(place(name), 'broken.mid'), tuneMidi(1).subarray(0, 100));
  writeFileSync(join(place(name), 'letter.txt'), 'hello');
  return place(name);
}

/** Prepares a folder, and tells how many files were looked at and how many of them were not done again. */
async function prepare(input: string, output: string, more: Partial<PrepareOptions> = {}) {
  let [files, unchanged] = [0, 0];
  await prepareDataset({
    inputs: [input],
    encoding: melodyEncoding,
    output: place(output),
    threads: 1,
    onProgress: (progress) => {
      ({ files, unchanged } = progress);
    },
    ...more,
  });
  return { files, unchanged };
}

const hashes = (name: string) =>
  readdirSync(place(name)).map((file) => [
    file,
    createHash('sha256')
      .update(readFileSync(join(place(name), file)))
      .digest('hex'),
  ]);

describe('preparing on threads', () => {
  it('gives the same bytes as without', async () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`${index}.mid`, tuneMidi(index, 2)]));
    const damaged = Array.from({ length: 20 }, (_, index) => [`damaged ${index}.mid`, tuneMidi(index).subarray(0, 60)]);
    writeFileSync(place('many.zip'), zipSync({ ...many, ...Object.fromEntries(damaged) }));
    await prepare(place('many.zip'), 'alone');
    await prepare(place('many.zip'), 'together', { threads: 2 });
    expect(hashes('together')).toEqual(hashes('alone'));
  });

  it('leaves encodings that are not of this package to the caller, as threads know them by name', async () => {
    const files = Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`${index}.mid`, tuneMidi(index, 2)]));
    writeFileSync(place('own.zip'), zipSync(files));
    const unknown: Encoding = { ...melodyEncoding, name: 'unknown' };
    expect((await prepare(place('own.zip'), 'own', { encoding: unknown, threads: 2 })).files).toBe(70);
  });
});

describe('preparing again', () => {
  it('does only changed files, and gives the same bytes as doing all', async () => {
    const input = tunes('growing', 12);
    expect(await prepare(input, 'again')).toEqual({ files: 14, unchanged: 0 });
    expect(await prepare(input, 'again')).toEqual({ files: 14, unchanged: 14 });

    writeFileSync(join(input, '3.mid'), tuneMidi(103));
    writeFileSync(join(input, 'new.mid'), tuneMidi(200));
    rmSync(join(input, '5.mid'));
    writeFileSync(join(input, 'copy of 7.mid'), tuneMidi(7));
    // 15 files: of the 14, one changed and one went; two came, one of them a copy.
    expect(await prepare(input, 'again')).toEqual({ files: 15, unchanged: 12 });
    await prepare(input, 'anew');
    expect(hashes('again')).toEqual(hashes('anew'));
  });

  it('does files again of which a copy was dropped, since the other may go', async () => {
    const input = tunes('copies', 4);
    // The same notes in a file with another name for its tracks.
    const other = Buffer.from(tuneMidi(2));
    const at = other.indexOf('tune 2');
    other.write('TUNE 2', at);
    writeFileSync(join(input, 'twin.mid'), other);
    const options = { copies: 'same' } as const;
    await prepare(input, 'twins', options);
    rmSync(join(input, '2.mid'));
    expect(await prepare(input, 'twins', options)).toMatchObject({ unchanged: 5 });
    await prepare(input, 'no-twins', options);
    expect(hashes('twins')).toEqual(hashes('no-twins'));
  });

  it('does all with another encoding, other voices or filters, or an encoding that is not of this package', async () => {
    const input = tunes('settings', 6);
    await prepare(input, 'settings-data');
    const unchanged = async (more: Partial<PrepareOptions>) => (await prepare(input, 'settings-data', more)).unchanged;
    expect(await unchanged({ encoding: monoEncoding })).toBe(0);
    expect(await unchanged({ encoding: monoEncoding, voices: ['pulse1'] })).toBe(0);
    expect(await unchanged({ encoding: monoEncoding, voices: ['pulse1'], filters: { fewestNotes: 1 } })).toBe(0);
    expect(await unchanged({ encoding: monoEncoding, voices: ['pulse1'], filters: { fewestNotes: 1 } })).toBe(8);
    const own = createMelodyEncoding({ ...NES_RULES });
    await unchanged({ encoding: own });
    expect(await unchanged({ encoding: own })).toBe(0);
  });

  it.each([
    ['a damaged memory', 'prepared.jsonl', 'no JSON\n'],
    ['a damaged dataset', 'train.events.u16', 'xx'],
  ])('does all after %s', async (_, file, garbage) => {
    const input = tunes(file, 4);
    await prepare(input, `${file}-data`);
    const before = hashes(`${file}-data`);
    const path = join(place(`${file}-data`), file);
    if (file === 'prepared.jsonl') writeFileSync(path, garbage);
    else appendFileSync(path, garbage);
    expect((await prepare(input, `${file}-data`)).unchanged).toBe(0);
    expect(hashes(`${file}-data`)).toEqual(before);
  });
});
