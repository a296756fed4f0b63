import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { SourceFile } from '../src/dataset/found-file.ts';
import { DataError } from '../src/index.ts';
import { readSources } from '../src/node/archives/sources.ts';
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

  it('refuses a missing input, and files that are called archives but are not', async () => {
    await expect(readPaths([join(folder, 'nowhere')])).rejects.toThrow(
      /nowhere: there is no such file or folder; check the path/,
    );
    await expect(read('text.zip', bytesOf('hello'))).rejects.toThrow(/content is not \.zip/);
    await expect(read('empty.tar.gz', new Uint8Array(0))).rejects.toThrow(/byte 0: the file is empty/);
    await expect(read('none.tar', new Uint8Array(10_240))).rejects.toThrow(/empty: a tar archive without entries/);
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

  const tune = { path: 'deep/a.mid', bytes: bytesOf('tune') };
  const packs = () => ({
    'pack.zip': zipSync({ [tune.path]: tune.bytes }),
    'pack.tar': tarOf([tune]),
    'pack.tgz': tarGzOf([tune]),
    'called anything': zipSync({ [tune.path]: tune.bytes }),
  });

  it('reads archives in folders and in one another, below their own names', async () => {
    const root = join(folder, 'packs');
    mkdirSync(root);
    for (const [name, bytes] of Object.entries(packs())) writeFileSync(join(root, name), bytes);
    const names = Object.keys(packs()).sort();
    expect((await readPaths([root])).found).toEqual(names.map((name) => [`packs/${name}/deep/a.mid`, 'tune']));
    const expected = Object.keys(packs()).map((name) => [`${name}/deep/a.mid`, 'tune']);
    expect((await read('nest.zip', zipSync(packs()))).found).toEqual(expected);
    const inTar = tarGzOf(Object.entries(packs()).map(([path, bytes]) => ({ path, bytes })));
    expect((await read('nest.tar.gz', inTar)).found).toEqual(expected);
  });

  it('reads what is packed by itself as a file like any other, for whoever unpacks it', async () => {
    const packed = gzipSync('tune');
    writeFileSync(join(folder, 'a.mid.gz'), packed);
    const files = [];
    for await (const step of readSources([join(folder, 'a.mid.gz')])) if ('bytes' in step) files.push(step);
    expect(files).toEqual([{ path: 'a.mid.gz', bytes: packed }]);
  });

  it('refuses damaged archives inside, and reads what is sound in them and around them', async () => {
    const good = zipSync({ 'a.mid': bytesOf('one') });
    const cutTar = tarOf([tune, { path: 'b.mid', bytes: bytesOf('two') }]).subarray(0, 1024 + 100);
    const { found, refused } = await read(
      'mixed.zip',
      zipSync({ 'bad.zip': good.subarray(0, 40), 'not.zip': bytesOf('hello'), 'cut.tar': cutTar, 'good.zip': good }),
    );
    expect(found).toEqual([
      ['cut.tar/deep/a.mid', 'tune'],
      ['good.zip/a.mid', 'one'],
    ]);
    expect(refused).toEqual([
      ['bad.zip', 'byte 40: the archive is cut short'],
      ['not.zip', 'byte 0: damaged archive: its content is not .zip, .tar or .tar.gz'],
      ['cut.tar', expect.stringMatching(/^byte 1024: .*(cut short|truncated)/i)],
    ]);
  });

  it('stops at four archives one inside another', async () => {
    const nested = (depth: number): Uint8Array =>
      zipSync(depth === 1 ? { 'a.mid': bytesOf('deep') } : { 'z.zip': nested(depth - 1) });
    expect((await read('deep.zip', nested(4))).found).toEqual([['z.zip/z.zip/z.zip/a.mid', 'deep']]);
    expect(await read('deeper.zip', nested(5))).toMatchObject({
      found: [],
      refused: [['z.zip/z.zip/z.zip/z.zip', 'nested in more than 4 archives: unpack it first']],
    });
  });

  it('counts what archives in one another unpack to together', async () => {
    // Each of 40 archives unpacks to 3 MiB of zeros, from some 3 kB, and is packed to a few hundred bytes in the outer
    // one.
    const inner = zipSync({ 'zeros.mid': new Uint8Array(3 * 2 ** 20) }, { level: 9 });
    const bomb = zipSync(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`${index}.zip`, inner])), {
      level: 9,
    });
    const { found, refused } = await read('bomb.zip', bomb);
    expect(found.length).toBeGreaterThan(15);
    expect(found.length).toBeLessThan(30);
    expect(found.length + refused.length).toBe(40);
    expect(refused[0][1]).toMatch(/unpacks to more than \d+ bytes/);
  });

  it('does not unpack what announces more than an archive may hold', async () => {
    const header = tarOf([{ path: 'a.mid', bytes: new Uint8Array(0) }]).subarray(0, 512);
    header.write('77777777777', 124, 'latin1');
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    const bomb = gzipSync(Buffer.concat([header, Buffer.alloc(10 * 2 ** 20)]));
    await expect(read('announced.tar.gz', bomb)).rejects.toThrow(/unpacked, byte 0: unpacks to more than \d+ bytes/);
  });

  it('refuses names that are not UTF-8, and what is not a plain file, by name', async () => {
    const root = join(folder, 'odd');
    mkdirSync(join(root, 'below'), { recursive: true });
    writeFileSync(join(root, 'good.mid'), 'good');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/caf`), Buffer.of(0xe9), Buffer.from('.mid')]), 'latin 1');
    mkdirSync(Buffer.concat([Buffer.from(`${root}/below/`), Buffer.of(0x83, 0x81)]));
    execFileSync('mkfifo', [join(root, 'pipe.mid')]);
    expect(await readPaths([root])).toMatchObject({
      found: [['odd/good.mid', 'good']],
      refused: [
        [expect.stringMatching(/^odd\/below\/./), 'its name is not UTF-8: rename it'],
        ['odd/caf\ufffd.mid', 'its name is not UTF-8: rename it'],
        ['odd/pipe.mid', 'not a plain file (a device or a pipe)'],
      ],
    });
  });

  it('refuses a file that vanishes, changes or turns into something else meanwhile, and reads the others', async () => {
    const root = join(folder, 'moving');
    mkdirSync(root);
    for (const name of ['a.mid', 'b.mid', 'c.mid', 'd.mid']) writeFileSync(join(root, name), name);
    // The folder has been listed when the first file comes.
    const steps = [];
    for await (const step of readSources([root])) {
      if ('share' in step) continue;
      steps.push([step.path, 'reason' in step ? step.reason : 'read']);
      if (step.path !== 'moving/a.mid') continue;
      rmSync(join(root, 'b.mid'));
      rmSync(join(root, 'c.mid'));
      mkdirSync(join(root, 'c.mid'));
    }
    expect(steps).toEqual([
      ['moving/a.mid', 'read'],
      ['moving/b.mid', 'there is no such file or folder'],
      ['moving/c.mid', 'is a folder'],
      ['moving/d.mid', 'read'],
    ]);
  });

  it('refuses one of many inputs that cannot be read, by name', async () => {
    const good = join(folder, 'a.mid.gz');
    const { found, refused } = await readPaths(['/dev/zero', good]);
    expect(refused).toEqual([['zero', 'is not a plain file (a device or a pipe)']]);
    expect(found).toHaveLength(1);
    await expect(readPaths([good, join(folder, 'gone.mid')])).rejects.toThrow(/gone\.mid: there is no such file/);
  });

  it('stops when it is aborted', async () => {
    const path = join(folder, 'a.tar.gz');
    await expect(readPaths([path], AbortSignal.abort(new Error('stopped by the user')))).rejects.toThrow(
      'stopped by the user',
    );
  });
});
