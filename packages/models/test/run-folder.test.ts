import { execFileSync } from 'node:child_process';
import { mkdir, open, readdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '@chipsmith/data';
import { describe, expect, it, vi } from 'vitest';
import { encodeCheckpoint } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { temporaryFolder } from './support/folder.ts';
import { freshCheckpoint } from './support/tiny.ts';

const root = await temporaryFolder();
const checkpoint = freshCheckpoint();
const config = { data: 'songs', ...checkpoint.metadata };

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

async function create(path: string): Promise<void> {
  const folder = new RunFolder(path);
  await folder.create(config, checkpoint);
  await folder.unlock();
}

/** Lets the disk be full from the n-th file on that is written, counted from 0. */
async function whileFull<Result>(from: number, work: () => Promise<Result>): Promise<Result> {
  const file = await open(join(root, 'any'), 'w');
  const prototype = Object.getPrototypeOf(file) as typeof file;
  await file.close();
  const writeFile = prototype.writeFile;
  let written = 0;
  const spy = vi.spyOn(prototype, 'writeFile').mockImplementation(function (this: typeof file, ...content) {
    if (written++ < from) return writeFile.apply(this, content);
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    return Promise.reject(error);
  });
  try {
    return await work();
  } finally {
    spy.mockRestore();
  }
}

describe('a new run folder', () => {
  it.each([
    [0, 'its lock'],
    [1, 'its settings'],
    [2, 'its first checkpoint'],
  ])('is not there at all where the disk is full after %i files: at %s', async (from) => {
    const path = join(root, `full-${from}`, 'run');
    await mkdir(join(root, `full-${from}`));
    const creating = whileFull(from, () => create(path));
    await expect(creating).rejects.toThrow(
      new DataError(path, 'the disk is full', 'free some space and run the command again'),
    );
    expect(await filesIn(join(root, `full-${from}`))).toEqual([]);
    await create(path);
    expect((await new RunFolder(path).load('latest')).metadata).toEqual(checkpoint.metadata);
  });

  it('leaves a folder that was there as it was', async () => {
    const path = join(root, 'there');
    await mkdir(path);
    await expect(whileFull(2, () => create(path))).rejects.toThrow(/disk is full/);
    expect(await filesIn(path)).toEqual([]);
  });

  it('takes the place of one that was left without a checkpoint', async () => {
    const leftovers: [name: string, files: Readonly<Record<string, string>>][] = [
      [
        'killed',
        { lock: '999999999\n', 'config.json': JSON.stringify(config), 'checkpoints.partial-99/latest': 'half' },
      ],
      ['earlier', { lock: '999999999\n', 'checkpoints/latest.safetensors.partial-99': 'half' }],
      ['empty', { 'checkpoints/x.partial-1': '' }],
    ];
    for (const [name, files] of leftovers) {
      const path = join(root, name);
      for (const [file, text] of Object.entries(files)) {
        await mkdir(join(path, file, '..'), { recursive: true });
        await writeFile(join(path, file), text);
      }
      await create(path);
      expect(await filesIn(path)).toEqual(['checkpoints', 'checkpoints/latest.safetensors', 'config.json']);
    }
  });

  it('is refused where there is anything else, which stays', async () => {
    const others: Readonly<Record<string, string>>[] = [
      { 'config.json': '{"mine":true}' },
      { 'notes.txt': '' },
      { 'config.json': JSON.stringify(config), 'checkpoints/best.safetensors': 'x' },
      { 'config.json': JSON.stringify(config), 'metrics.jsonl': '' },
      { 'checkpoints/mine': '' },
    ];
    for (const [index, files] of others.entries()) {
      const path = join(root, `other-${index}`);
      for (const [file, text] of Object.entries(files)) {
        await mkdir(join(path, file, '..'), { recursive: true });
        await writeFile(join(path, file), text);
      }
      const before = await filesIn(path);
      await expect(create(path)).rejects.toThrow(
        /: holds .+, and no checkpoint to go on from; empty it or choose another/,
      );
      expect(await filesIn(path)).toEqual(before);
    }
  });

  it('may be the folder one stands in, or behind a link, but not behind a link to nothing', async () => {
    await mkdir(join(root, 'target'));
    await symlink(join(root, 'target'), join(root, 'link'));
    await create(join(root, 'link'));
    expect(await filesIn(join(root, 'target'))).toContain('checkpoints/latest.safetensors');
    await symlink(join(root, 'nowhere'), join(root, 'dangling'));
    await expect(create(join(root, 'dangling'))).rejects.toThrow(
      /dangling: is a link to a place that is not there; make/,
    );
  });

  it('may have a name of 255 bytes, and not of 256', async () => {
    await create(join(root, 'n'.repeat(255)));
    await expect(create(join(root, 'n'.repeat(256)))).rejects.toThrow(/n: the name is too long; /);
  });
});

describe('what lies where files of a run should be', () => {
  const refused = async (work: Promise<unknown>, message: RegExp) => {
    await expect(work).rejects.toBeInstanceOf(DataError);
    await expect(work).rejects.toThrow(message);
  };

  const runWith = async (name: string, file: string, make: (path: string) => unknown) => {
    const path = join(root, name);
    await mkdir(join(path, 'checkpoints'), { recursive: true });
    await make(join(path, file));
    return new RunFolder(path);
  };

  it('a folder for a lock', async () => {
    const run = await runWith('lock-folder', 'lock', (path) => mkdir(path));
    await refused(run.lock(), /lock: is a folder; move it away$/);
  });

  it.skipIf(process.platform === 'win32')('devices and pipes, which do not end', async () => {
    const zero = await runWith('zero', 'checkpoints/best.safetensors', (path) => symlink('/dev/zero', path));
    await refused(zero.load('best'), /best\.safetensors: is not a plain file \(a device or a pipe\); move it away$/);
    const pipe = await runWith('pipe', 'config.json', (path) => execFileSync('mkfifo', [path]));
    await refused(pipe.dataPlace(), /config\.json: is not a plain file/);
  });

  it('files larger than any of their kind, without reading them', async () => {
    const sized = (size: number) => async (path: string) => {
      await writeFile(path, '');
      await truncate(path, size);
    };
    const config = await runWith('large-config', 'config.json', sized(2 ** 25));
    await refused(config.dataPlace(), /config\.json: is larger than 16777216 bytes \(33554432\); move it away$/);
    const metrics = await runWith('large-metrics', 'metrics.jsonl', sized(2 ** 30));
    await refused(metrics.rewind(0), /metrics\.jsonl: is larger than 268435456 bytes \(1073741824\); /);
    const large = await runWith('large', 'checkpoints/best.safetensors', sized(2 ** 34));
    await refused(large.load('best'), /best\.safetensors: is larger than \d+ bytes \(17179869184\); /);
    // Sparse, and a header that does not describe it.
    const bytes = encodeCheckpoint(checkpoint);
    const sparse = await runWith('sparse', 'checkpoints/best.safetensors', async (path) => {
      await writeFile(path, bytes);
      await truncate(path, 2 ** 30);
    });
    await expect(sparse.load('best')).rejects.toThrow(
      new RegExp(`the ${2 ** 30 - bytes.length} bytes from byte ${bytes.length} on belong to no tensor`),
    );
  });
});

describe('config.json', () => {
  it.each([
    ['no config.json', undefined, 'there is no such file or folder; check the path'],
    [
      'a config.json that is not JSON',
      '{',
      'does not say where the data is; put the file right, or name the data with --data (train, evaluate).',
    ],
    [
      'a config.json without a place',
      '{}',
      'does not say where the data is; put the file right, or name the data with --data (train, evaluate).',
    ],
  ])('with %s cannot say where the data is', async (name, text, why) => {
    const folder = join(root, name);
    await mkdir(folder);
    const path = join(folder, 'config.json');
    if (text !== undefined) await writeFile(path, text);
    await expect(new RunFolder(folder).dataPlace()).rejects.toThrow(`${path}: ${why}`);
  });
});
