import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readSources, type SourceFile } from '../src/dataset/sources.ts';
import { DataError } from '../src/index.ts';
import { tarGzOf, tarOf } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';

const folder = temporaryFolder();
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Writes an input file and reads it: paths and texts found, and what was refused. */
async function read(name: string, content: Uint8Array) {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readPaths([path]);
}

async function readPaths(inputs: string[], signal?: AbortSignal) {
  const files: SourceFile[] = [];
  const refused: string[][] = [];
  const shares: number[] = [];
  for await (const step of readSources(inputs, signal)) {
    if ('share' in step) shares.push(step.share);
    else if ('reason' in step) refused.push([step.path, step.reason]);
    else files.push(step);
  }
  const found = files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]);
  return { found, refused, shares };
}

const entries = [
  { path: 'set/train/a.mid', bytes: bytesOf('first') },
  { path: './set/valid/b.mid', bytes: bytesOf('second '.repeat(20_000)) },
  { path: 'set/empty.mid' },
];
const expected = [
  ['set/train/a.mid', 'first'],
  ['set/valid/b.mid', 'second '.repeat(20_000)],
  ['set/empty.mid', ''],
];
const zipped = Object.fromEntries(entries.map(({ path, bytes }) => [path, bytes ?? new Uint8Array(0)]));

describe('readSources', () => {
  it('reads .tar, .tar.gz, .zip and stored .zip alike, by content and not by name', async () => {
    expect((await read('a.tar', tarOf(entries))).found).toEqual(expected);
    expect((await read('a.tar.gz', tarGzOf(entries))).found).toEqual(expected);
    expect((await read('a.zip', zipSync(zipped))).found).toEqual(expected);
    expect((await read('b.zip', zipSync(zipped, { level: 0 }))).found).toEqual(expected);
    expect((await read('misnamed.dat', zipSync(zipped))).found).toEqual(expected);
  });

  it('walks folders in the order of names, and refuses symbolic links in them', async () => {
    const root = join(folder, 'tree');
    mkdirSync(join(root, 'train'), { recursive: true });
    for (const name of ['z.mid', 'a.mid', 'train/m.mid']) writeFileSync(join(root, name), name);
    symlinkSync('/etc/passwd', join(root, 'link.mid'));
    const { found, refused, shares } = await readPaths([root, join(root, 'z.mid')]);
    expect(found).toEqual([
      ['tree/a.mid', 'a.mid'],
      ['tree/train/m.mid', 'train/m.mid'],
      ['tree/z.mid', 'z.mid'],
      ['z.mid', 'z.mid'],
    ]);
    expect(refused).toEqual([['tree/link.mid', 'a symbolic link']]);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it('follows a symbolic link that is named itself, and takes no device', async () => {
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'tree', 'train'), link);
    expect((await readPaths([link])).found).toEqual([['link/m.mid', 'train/m.mid']]);
    await expect(readPaths(['/dev/null'])).rejects.toThrow(/null: is not a plain file/);
  });

  it('refuses paths out of the archive and links in it, and reads the rest', async () => {
    const hostile = [
      { path: '../../outside.mid', bytes: bytesOf('x') },
      { path: '/etc/absolute.mid', bytes: bytesOf('x') },
      { path: 'link.mid', type: 'SymbolicLink' as const, linkpath: '/etc/passwd' },
      { path: 'good.mid', bytes: bytesOf('good') },
    ];
    const tar = await read('hostile.tar', tarOf(hostile));
    expect(tar.found).toEqual([['good.mid', 'good']]);
    expect(tar.refused.map(([, reason]) => reason)).toEqual([
      'its path leaves the archive',
      'its path leaves the archive',
      'a link',
    ]);
    const zip = await read(
      'hostile.zip',
      zipSync({ '../outside.mid': bytesOf('x'), 'C:\\a.mid': bytesOf('x'), 'good.mid': bytesOf('good') }),
    );
    expect(zip.found).toEqual([['good.mid', 'good']]);
    expect(zip.refused).toHaveLength(2);
  });

  it('refuses a file that unpacks to more than 4 MiB without keeping it', async () => {
    const bomb = new Uint8Array(5 * 2 ** 20);
    const zip = await read('bomb.zip', zipSync({ 'bomb.mid': bomb, 'good.mid': bytesOf('good') }, { level: 1 }));
    const tar = await read(
      'bomb.tar.gz',
      tarGzOf([
        { path: 'bomb.mid', bytes: bomb },
        { path: 'good.mid', bytes: bytesOf('good') },
      ]),
    );
    for (const { found, refused } of [zip, tar]) {
      expect(found).toEqual([['good.mid', 'good']]);
      expect(refused).toEqual([['bomb.mid', 'larger than 4194304 bytes']]);
    }
  });

  it('refuses a missing input, and files that are no archive but are called one', async () => {
    await expect(readPaths([join(folder, 'nowhere')])).rejects.toThrow(
      /nowhere: there is no such file or folder; check the path/,
    );
    await expect(read('text.zip', bytesOf('hello'))).rejects.toThrow(/not a \.zip/);
    await expect(read('empty.tar.gz', new Uint8Array(0))).rejects.toThrow(DataError);
    await expect(read('text.tgz', Buffer.from(tarGzOf([])))).rejects.toThrow(/Unrecognized archive format/);
  });

  it('refuses archives cut short, wherever the cut falls', async () => {
    const two = [
      { path: 'a.mid', bytes: bytesOf('one') },
      { path: 'b.mid', bytes: bytesOf('two') },
    ];
    const tar = tarOf(two);
    // The writer fills up with zeros beyond the two blocks that end an archive.
    const tarEnd = 4 * 512 + 2 * 512;
    for (const [name, content, end] of [
      ['tar', tar, tarEnd],
      ['tgz', tarGzOf(two)],
      ['zip', zipSync({ 'a.mid': two[0].bytes, 'b.mid': two[1].bytes })],
    ] as const) {
      for (let length = 1; length < (end ?? content.length); length += name === 'tar' ? 64 : 1) {
        await expect(read(`cut.${name}`, content.subarray(0, length))).rejects.toThrow(DataError);
      }
      expect((await read(`whole.${name}`, content)).found).toHaveLength(2);
    }
  });

  it('stops when it is aborted', async () => {
    const path = join(folder, 'a.tar.gz');
    await expect(readPaths([path], AbortSignal.abort(new Error('stopped by the user')))).rejects.toThrow(
      'stopped by the user',
    );
  });
});
