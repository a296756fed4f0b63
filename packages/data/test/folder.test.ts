import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkReplaceable, replaceFolder, systemReason } from '../src/node/index.ts';
import { temporaryFolder } from './support/folder.ts';

const root = temporaryFolder();
const place = (...names: string[]) => join(root, ...names);
const fillWith = (text: string) => (partial: string) => writeFile(join(partial, 'song'), text);
const contentOf = (folder: string) => readFileSync(join(folder, 'song'), 'utf8');

describe('replaceFolder', () => {
  it('makes a folder with those above it, and replaces it as a whole', async () => {
    expect(await replaceFolder(place('a', 'b'), fillWith('first'))).toBe(place('a', 'b'));
    writeFileSync(place('a', 'b', 'extra'), '');
    await replaceFolder(place('a', 'b'), fillWith('second'));
    expect(contentOf(place('a', 'b'))).toBe('second');
    expect(readdirSync(place('a', 'b'))).toEqual(['song']);
    expect(readdirSync(place('a'))).toEqual(['b']);
  });

  it('leaves everything as it was when filling fails', async () => {
    await replaceFolder(place('kept'), fillWith('old'));
    const before = readdirSync(root);
    const failing = replaceFolder(place('kept'), async (partial) => {
      await fillWith('new')(partial);
      throw new Error('no more');
    });
    await expect(failing).rejects.toThrow('no more');
    expect(contentOf(place('kept'))).toBe('old');
    expect(readdirSync(root)).toEqual(before);
  });

  it('takes away what a killed process left, and puts back what it had moved aside', async () => {
    const killed = spawnSync(process.execPath, ['--version']).pid;
    const siblings = (kind: string, id: number) => place('shared', `.data.${kind}-${id}`);
    mkdirSync(siblings('partial', killed), { recursive: true });
    mkdirSync(siblings('previous', killed));
    writeFileSync(join(siblings('previous', killed), 'song'), 'old');
    mkdirSync(siblings('partial', process.ppid));
    mkdirSync(place('shared', `.other.partial-${killed}`));
    const failing = replaceFolder(place('shared', 'data'), () => Promise.reject(new Error('no more')));
    await expect(failing).rejects.toThrow('no more');
    // The old folder is back; what runs, or is of another folder, stays.
    expect(contentOf(place('shared', 'data'))).toBe('old');
    const names = [`.data.partial-${process.ppid}`, `.other.partial-${killed}`, 'data'];
    expect(readdirSync(place('shared')).sort()).toEqual(names);
    mkdirSync(siblings('previous', killed));
    await replaceFolder(place('shared', 'data'), fillWith('new'));
    expect(contentOf(place('shared', 'data'))).toBe('new');
    expect(readdirSync(place('shared')).sort()).toEqual(names);
  });

  it.each([199, 200, 201, 250, 255])(
    'takes a name of %i bytes, whatever temporary names are made of it',
    async (length) => {
      const names = [`${'n'.repeat(length)}`, `${'é'.repeat(Math.floor(length / 2))}${'e'.repeat(length % 2)}`];
      for (const name of names) {
        const folder = place('long', name);
        await replaceFolder(folder, fillWith('first'));
        await replaceFolder(folder, fillWith('second'));
        expect(contentOf(folder)).toBe('second');
      }
      expect(readdirSync(place('long')).filter((name) => name.startsWith('.'))).toEqual([]);
      await expect(replaceFolder(place('long', 'n'.repeat(256)), fillWith(''))).rejects.toThrow(/the name is too long/);
    },
  );

  it('is not hindered by what an earlier process of its own number left', async () => {
    mkdirSync(place('reborn', `.data.partial-${process.pid}`), { recursive: true });
    await replaceFolder(place('reborn', 'data'), fillWith('new'));
    expect(contentOf(place('reborn', 'data'))).toBe('new');
  });

  it('follows a symbolic link, and says in one line what the system refuses', async () => {
    mkdirSync(place('disk'));
    symlinkSync(place('disk'), place('link'));
    await replaceFolder(place('link'), fillWith('linked'));
    expect(contentOf(place('disk'))).toBe('linked');
    writeFileSync(place('file'), '');
    await expect(replaceFolder(place('file', 'below', 'it'), fillWith(''))).rejects.toThrow(
      `${place('file', 'below', 'it')}: a part of the path is a file; check the path`,
    );
  });
});

describe('checkReplaceable', () => {
  const standing = process.cwd();
  afterEach(() => process.chdir(standing));
  const check = (folder: string) => checkReplaceable(folder, (name) => name === 'song', 'song');

  it('takes what is missing, empty or holds own files only', async () => {
    mkdirSync(place('own'));
    for (const folder of [place('missing'), place('own')]) await check(folder);
    writeFileSync(place('own', 'song'), '');
    writeFileSync(place('own', '.DS_Store'), 'of a system that showed the folder');
    await check(place('own'));
    writeFileSync(place('own', 'letter'), '');
    await expect(check(place('own'))).rejects.toThrow(/own: holds letter, which is not a song; choose another/);
  });

  it('refuses a symbolic link that leads nowhere, and says where', async () => {
    symlinkSync(place('nowhere'), place('dangling'));
    await expect(check(place('dangling'))).rejects.toThrow(
      `${place('dangling')}: is a symbolic link to ${place('nowhere')}, which does not exist; remove the link`,
    );
    symlinkSync(place('circle'), place('circle'));
    await expect(check(place('circle'))).rejects.toThrow(/is a symbolic link to .*circle, which does not exist/);
  });

  it.skipIf(process.platform === 'win32')('refuses the folder that the process stands in, by any name', async () => {
    mkdirSync(place('here'));
    symlinkSync(place('here'), place('alias'));
    process.chdir(place('here'));
    for (const folder of ['.', place('here'), place('alias')]) {
      await expect(check(folder)).rejects.toThrow(/is the current folder/);
    }
    mkdirSync(place('here2'));
    await check(place('here2'));
  });
});

describe('systemReason', () => {
  it("keeps the words of Node's messages that are for people", () => {
    const error = Object.assign(new Error("EBUSY: resource busy or locked, rename 'a' -> 'b'"), {
      code: 'EBUSY',
      syscall: 'rename',
    });
    expect(systemReason(error)).toEqual({ problem: 'resource busy or locked', remedy: 'check the path' });
  });
});
