import { mkdirSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { findEncoding, writeMidi } from '@chipsmith/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { chipsmith, expectFailure, filesOf, jsonOf, scratchFolder, start, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');
const output = join(folder, 'output');
mkdirSync(output);

beforeAll(() => writeMidiFolder(midi, 8));

describe('prepare', () => {
  it('makes a dataset that keeps the split of its folders, twice the same', async () => {
    const [first, second] = ['first', 'second'].map((name) => join(folder, name));
    const told = await jsonOf(`prepare ${midi} --output ${first}`);
    expect(told).toMatchObject({
      output: first,
      encoding: { name: 'melody' },
      files: 8,
      songs: 8,
      splits: { train: { sequences: 4 }, valid: { sequences: 2 }, test: { sequences: 2 } },
    });
    await jsonOf(`prepare ${midi} --output ${second}`);
    const files = await filesOf(first);
    expect(files).toEqual(expect.arrayContaining(['manifest.json', 'report.json']));
    expect(await filesOf(second)).toEqual(files);
    for (const file of files) expect(await readFile(join(first, file))).toEqual(await readFile(join(second, file)));
  });

  it('shows how far it is, what it kept and where it wrote, replaces a dataset, and does no file twice', async () => {
    for (const input of ['--corpus', midi]) {
      const { code, stdout } = await chipsmith(`prepare ${input} --output ${join(folder, 'shown')}`);
      expect(code).toBe(0);
      expect(stdout).toMatch(/sounding voices kept/);
      expect(stdout).toContain(`Dataset written to ${join(folder, 'shown')}`);
    }
    const { lines } = await chipsmith(`prepare ${midi} --output ${join(folder, 'new')}`);
    expect(lines.at(-1)).toBe('preparing 100% 8 files, 8 songs kept');
    const again = await chipsmith(`prepare ${midi} --output ${join(folder, 'new')} --threads 1`);
    expect(again.lines.at(-1)).toBe('preparing 100% 8 files (8 unchanged), 8 songs kept');
    expect(again.stdout).toContain('8 unchanged files were not processed again.');
  });

  it('says in one line what is wrong with its input, and leaves nothing behind', async () => {
    const song = await readFile(join(midi, 'train/tune-0.mid'));
    const noise = Uint8Array.from({ length: 5000 }, (_, index) => (index * index * 7919) >> 3);
    const inputs: [name: string, bytes: Uint8Array, message: RegExp][] = [
      ['empty.mid', Buffer.alloc(0), /empty\.mid: .*empty.*; give MIDI files/],
      ['noise.mid', noise, /noise\.mid: .*not a MIDI file.*; give/],
      ['head-only.mid', song.subarray(0, 20), /head-only\.mid: no usable song.*; give/],
      ['noise.zip', noise, /noise\.zip, byte 0: damaged archive: its content is not \.zip, \.tar or \.tar\.gz/],
      ['noise.tar.gz', noise, /noise\.tar\.gz, byte 0: damaged archive: its content/],
      [
        'cut.tar.gz',
        Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2),
        /cut\.tar\.gz, byte 12: damaged archive .*check/,
      ],
      ['cut.zip', Uint8Array.of(0x50, 0x4b, 3, 4, 20, 0), /cut\.zip, byte \d+: .*check the archive/],
    ];
    for (const [name, bytes] of inputs) await writeFile(join(folder, name), bytes);
    const before = await filesOf(folder);
    for (const [name, , message] of inputs) {
      await expectFailure(1, message, `prepare ${join(folder, name)} --output ${join(output, 'data')}`);
    }
    await expectFailure(
      1,
      /missing: .*no such file/,
      `prepare ${join(folder, 'missing')} --output ${join(output, 'data')}`,
    );
    expect(await filesOf(folder)).toEqual(before);
  });

  it('names the files of each kind of trouble, and lets none of their names command the terminal', async () => {
    const mixed = join(folder, 'mixed');
    await mkdir(mixed);
    const song = await readFile(join(midi, 'train/tune-0.mid'));
    await writeFile(join(mixed, 'a.mid'), song);
    await writeFile(join(mixed, 'b\u001b[31m.mid'), song);
    await writeFile(join(mixed, 'c\u001b]0;title\u0007\n\u009b2J.txt'), 'words');
    await writeFile(join(mixed, 'd.doc'), 'words and more');
    await writeFile(
      join(mixed, 'e.mid.gz'),
      Buffer.concat([gzipSync(await readFile(join(midi, 'train/tune-1.mid'))), song]),
    );
    const { code, stdout } = await chipsmith(`prepare ${mixed} --output ${join(folder, 'mixed-data')}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^file +dropped: unsupported file type +2\n +mixed\/c.*\.txt, mixed\/d\.doc$/m);
    expect(stdout).toMatch(/^file +dropped: the same file as "mixed\/a\.mid" +1\n +mixed\/b/m);
    expect(stdout).toMatch(/^repair +left out \d+ bytes after the end of the gzip file +1\n +mixed\/e\.mid\.gz$/m);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    const report = JSON.parse(await readFile(join(folder, 'mixed-data/report.json'), 'utf8'));
    expect(report.droppedFiles).toMatchObject({ 'unsupported file type': 2 });
    expect(report.repairs).toMatchObject({ [`left out ${song.length} bytes after the end of the gzip file`]: 1 });
    await expectFailure(
      1,
      /no usable song in 1 file \(1: unsupported file type, d\.doc\)/,
      `prepare ${join(mixed, 'd.doc')} --output ${join(output, 'data')}`,
    );
  });

  it('hints at --voices where bass lines are taken for melodies', async () => {
    const bass = join(folder, 'bass.mid');
    const [line] = [findEncoding('melody')].map((encoding) =>
      encoding.decode(encoding.encodePitches(Array.from({ length: 64 }, (_, index) => 50 + (index % 7))), {
        title: 'two',
      }),
    );
    const { pulse1 } = line.voices;
    const triangle = pulse1.map((note) => ({
      ...note,
      volume: [{ time: note.start, value: 15 }],
      duty: [{ time: note.start, value: 0 }],
    }));
    await writeFile(bass, writeMidi({ ...line, voices: { ...line.voices, triangle } }));
    const said = async (options: string) =>
      (await chipsmith(`prepare ${bass} --output ${join(folder, 'bass')}${options}`)).stdout;
    expect(await said('')).toContain(
      '1 of 2 sequences are bass lines (triangle); --voices pulse1,pulse2 leaves them out.',
    );
    expect(await said(' --voices pulse1,triangle')).not.toContain('bass lines');
    expect(await said(' --voices pulse1')).not.toContain('bass lines');
  });

  it('says the truth of outputs that cannot be', async () => {
    const link = join(folder, 'dangling');
    await symlink(join(folder, 'nowhere'), link);
    await expectFailure(
      1,
      /dangling: is a symbolic link to .*nowhere, which does not exist/,
      `prepare ${midi} --output ${link}`,
    );
    await expectFailure(1, /the name is too long/, `prepare ${midi} --output ${join(folder, 'n'.repeat(256))}`);
    expect((await chipsmith(`prepare ${midi} --output ${join(folder, 'n'.repeat(255))}`)).code).toBe(0);
  });

  it('writes into no folder that holds something else, and over no file', async () => {
    const foreign = join(folder, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'thesis.txt'), 'precious');
    await expectFailure(
      1,
      /foreign: holds thesis\.txt, which is not a file of a dataset/,
      `prepare ${midi} --output ${foreign}`,
    );
    await expectFailure(
      1,
      /foreign: holds thesis\.txt, which is not a file of a dataset/,
      `prepare --corpus --output ${foreign}`,
    );
    expect(await filesOf(foreign)).toEqual(['thesis.txt']);
    await expectFailure(
      1,
      /thesis\.txt: a part of the path is a file/,
      `prepare ${midi} --output ${join(foreign, 'thesis.txt')}`,
    );
    expect(await readFile(join(foreign, 'thesis.txt'), 'utf8')).toBe('precious');
  });

  it('ends within a moment of Ctrl-C, and leaves nothing behind', async () => {
    const many = join(folder, 'many');
    await writeMidiFolder(many, 400);
    const preparing = start(`prepare ${many} --output ${join(output, 'data')}`);
    await preparing.said('preparing 0%');
    preparing.process.kill('SIGINT');
    const { code, stdout, lines } = await preparing.ended;
    expect({ code, stdout, last: lines.at(-1) }).toEqual({ code: 130, stdout: '', last: 'Interrupted.' });
    expect(await filesOf(output)).toEqual([]);
  });
});
