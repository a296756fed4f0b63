import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { createMelodyEncoding, type Encoding, melodyEncoding, monoEncoding, NES_RULES } from '../src/index.ts';
import { type PrepareOptions, type PrepareProgress, prepareDataset } from '../src/node/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { tuneMidi } from './support/tunes.ts';

const folder = temporaryFolder();
const place = (name: string) => join(folder, name);

/** A folder of tunes that can be changed, and a few files that are not music. */
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

it('leaves out its own output, where that is inside the input', async () => {
  const input = tunes('outside', 3);
  const first = await prepare(input, 'outside/inside');
  expect(await prepare(input, 'outside/inside')).toEqual({ files: 5, unchanged: 5 });
  expect(first.files).toBe(5);
});

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

  it('ends with what goes wrong as files are handed over, such as a full disk, and leaves nothing behind', async () => {
    const files = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`${index}.mid`, tuneMidi(index, 2)]));
    writeFileSync(place('full.zip'), zipSync(files));
    const onProgress = (progress: PrepareProgress) => {
      if (progress.files > 100) throw new Error('the disk is full');
    };
    await expect(prepare(place('full.zip'), 'full', { threads: 2, onProgress })).rejects.toThrow('the disk is full');
    expect(readdirSync(folder).filter((name) => name.includes('full'))).toEqual(['full.zip']);
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

  const change = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);
  const replaceWith = (make: (path: string) => void) => (path: string) => {
    rmSync(path);
    make(path);
  };
  const rewrite = (edit: (text: string) => string) => (path: string) =>
    writeFileSync(path, edit(readFileSync(path, 'utf8')));
  it.each<[string, string, (path: string) => void]>([
    ['no memory', 'prepared.jsonl', (path) => rmSync(path)],
    ['no index of the memory', 'prepared.index.json', (path) => rmSync(path)],
    ['a cut index of the memory', 'prepared.index.json', (path) => truncateSync(path, 200)],
    ['an empty memory', 'prepared.jsonl', (path) => truncateSync(path, 0)],
    ['a memory that is cut within a line', 'prepared.jsonl', (path) => truncateSync(path, 700)],
    ['a memory that is cut after a line', 'prepared.jsonl', rewrite(change(/\n[^\n]*\n[^\n]*\n$/, '\n'))],
    ['a memory of words', 'prepared.jsonl', (path) => writeFileSync(path, 'no JSON\n')],
    ['a memory of bytes', 'prepared.jsonl', (path) => writeFileSync(path, Buffer.alloc(5000, 0xfe))],
    ['words within the memory', 'prepared.jsonl', rewrite(change('"songs":[', '"songs":?'))],
    ['other types in the memory', 'prepared.jsonl', rewrite(change(/"number":\d+/, '"number":"one"'))],
    ['another song in the memory', 'prepared.jsonl', rewrite(change('"number":0', '"number":1'))],
    ['a song that is not there in the memory', 'prepared.jsonl', rewrite(change('"number":0', '"number":99'))],
    ['a sketch of odd length in the memory', 'prepared.jsonl', rewrite(change(/"runs":"[^"]*"/, '"runs":"AAAA"'))],
    ['a huge line in the memory', 'prepared.jsonl', (path) => appendFileSync(path, 'x'.repeat(3_000_000))],
    ['a memory that is a folder', 'prepared.jsonl', replaceWith((path) => mkdirSync(path))],
    ['a memory that is a pipe', 'prepared.jsonl', replaceWith((path) => execFileSync('mkfifo', [path]))],
    ['a damaged dataset', 'train.events.u16', (path) => appendFileSync(path, 'xx')],
    ['a cut manifest', 'manifest.json', (path) => truncateSync(path, 300)],
    ['an empty manifest', 'manifest.json', (path) => truncateSync(path, 0)],
    ['a manifest of nothing', 'manifest.json', (path) => writeFileSync(path, 'null')],
    ['another title in the manifest', 'manifest.json', rewrite(change(/"title": "[^"]*"/, '"title": "another"'))],
    [
      'another tempo in the manifest',
      'manifest.json',
      rewrite(change(/"beatsPerMinute": [\d.]+/, '"beatsPerMinute": 99')),
    ],
  ])('does all after %s', async (name, file, damage) => {
    const input = tunes(name, 4);
    const output = `${name}-data`;
    await prepare(input, output);
    const before = hashes(output);
    damage(join(place(output), file));
    expect((await prepare(input, output)).unchanged).toBe(0);
    expect(hashes(output)).toEqual(before);
  });

  it('does a file again whose place in the index is not its own', async () => {
    const input = tunes('places', 4);
    await prepare(input, 'places-data');
    await prepare(input, 'places-sound');
    const index = join(place('places-data'), 'prepared.index.json');
    const { files, ...rest } = JSON.parse(readFileSync(index, 'utf8'));
    const [first, second, ...others] = files;
    const exchanged = [{ ...first, sha256: second.sha256 }, { ...second, sha256: first.sha256 }, ...others];
    writeFileSync(index, JSON.stringify({ ...rest, files: exchanged }));
    expect(await prepare(input, 'places-data')).toEqual({ files: 6, unchanged: 4 });
    expect(hashes('places-data')).toEqual(hashes('places-sound'));
  });

  it('does all where the memory is of another dataset with the same settings', async () => {
    const [one, other] = [tunes('one', 4), tunes('other', 5)];
    await prepare(one, 'one-data');
    await prepare(other, 'other-data');
    const before = hashes('one-data');
    copyFileSync(join(place('other-data'), 'prepared.jsonl'), join(place('one-data'), 'prepared.jsonl'));
    expect((await prepare(one, 'one-data')).unchanged).toBe(0);
    expect(hashes('one-data')).toEqual(before);
  });
});
