import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../src/index.ts';
import { writeFileAtomic } from '../src/node/index.ts';
import { temporaryFolder } from './support/folder.ts';

const root = temporaryFolder();

describe('writeFileAtomic', () => {
  it('writes a file anew and over an old one, and leaves nothing beside it', async () => {
    const folder = join(root, 'written');
    await mkdir(folder);
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(path))]).toEqual([1, 2, 3]);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('says in one line what hinders it, and leaves nothing behind', async () => {
    const folder = join(root, 'hindered');
    await mkdir(join(folder, 'folder', 'full'), { recursive: true });
    await writeFile(join(folder, 'file'), '');
    const cases = [
      [join(folder, 'none', 'file'), 'there is no such file or folder', 'check the path'],
      [join(folder, 'file', 'file'), 'a part of the path is a file', 'check the path'],
      [join(folder, 'folder'), 'is a folder', 'name a file'],
    ];
    for (const [path, problem, remedy] of cases) {
      await expect(writeFileAtomic(path, 'text')).rejects.toThrow(new DataError(path, problem, remedy));
    }
    expect((await readdir(folder)).sort()).toEqual(['file', 'folder']);
  });

  it('writes a file whose name is as long as names can be, and says if a folder is in its way', async () => {
    const folder = join(root, 'long');
    await mkdir(folder);
    const name = 'é'.repeat(127);
    await writeFileAtomic(join(folder, name), 'text');
    expect(await readdir(folder)).toEqual([name]);
    const partial = join(folder, `file.partial-${process.pid}`);
    await mkdir(partial);
    await expect(writeFileAtomic(join(folder, 'file'), '')).rejects.toThrow(
      new DataError(partial, 'is a folder', 'name a file'),
    );
  });

  // The device that is always full.
  it.skipIf(process.platform !== 'linux')('keeps the old file when there is no room (needs /dev/full)', async () => {
    const path = join(root, 'kept');
    await writeFile(path, 'old');
    await symlink('/dev/full', `${path}.partial-${process.pid}`);
    const writing = writeFileAtomic(path, 'x'.repeat(100_000));
    await expect(writing).rejects.toThrow(
      new DataError(path, 'the disk is full', 'free some space and run the command again'),
    );
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});
