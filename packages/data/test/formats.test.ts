import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { playScore, writeVgm } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { readSongs } from '../src/dataset/formats.ts';
import { DataError, melodyEncoding, writeMidi } from '../src/index.ts';
import { prepareDataset } from '../src/node/index.ts';
import { tarGzOf } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';
import { pickledArray } from './support/pickles.ts';
import { tuneSong } from './support/tunes.ts';

const folder = temporaryFolder();
const place = (name: string) => join(folder, name);
const vgm = writeVgm(playScore(tuneSong(1)), { title: 'Log' });
const prepare = (input: string) =>
  prepareDataset({ inputs: [place(input)], encoding: melodyEncoding, output: place('out'), validShare: 0 });

describe('readSongs', () => {
  it('tells the kind of a file by its content, not by its name', () => {
    const titles = [vgm, gzipSync(vgm), writeMidi(tuneSong(1))].map((bytes) =>
      readSongs(bytes, 'folder/thing.dat').map((song) => ('reading' in song ? song.reading.song.title : song.problem)),
    );
    expect(titles).toEqual([['Log'], ['Log'], ['tune 1']]);
  });

  it('refuses what it does not know, and what is empty', () => {
    expect(() => readSongs(new TextEncoder().encode('hello'), 'a.txt')).toThrow(
      /a\.txt, byte 0: unsupported file type; give one of these: MIDI, VGM/,
    );
    expect(() => readSongs(new Uint8Array(0), 'a.vgm')).toThrow(DataError);
  });
});

describe('prepareDataset takes register logs', () => {
  it.each([
    ['log.vgm', vgm],
    ['log.vgz', gzipSync(vgm)],
    ['logs.tar.gz', tarGzOf([{ path: 'logs/one.vgz', bytes: gzipSync(vgm) }])],
  ])('as %s', async (name, bytes) => {
    writeFileSync(place(name), bytes);
    const { manifest } = await prepare(name);
    expect(manifest.songs.map(({ title, tempoOrigin }) => [title, tempoOrigin])).toEqual([['Log', 'estimated']]);
    expect(manifest.splits.train.sequences).toBe(2);
  });
});

describe('prepareDataset takes books and scores', () => {
  const tune = (title: string, notes: string) => `X:1\nT:${title}\nM:4/4\nL:1/4\nQ:120\nK:C\n|:${notes}:|\n\n`;
  const book = ['CDEF|GABc', 'CDEF|GABc', '?', 'cBAG|FEDC'].map((notes, at) => tune(`Tune ${at}`, notes)).join('');

  it('tune by tune, with a line in the report for each that is left out', async () => {
    writeFileSync(place('book.abc'), book);
    const { manifest, report } = await prepare('book.abc');
    expect(manifest.songs.map(({ path, title }) => [path, title])).toEqual([
      ['book.abc/0001', 'Tune 0'],
      ['book.abc/0004', 'Tune 3'],
    ]);
    expect(report.entries.map(({ path, reason }) => [path, reason])).toEqual([
      ['book.abc/0001', undefined],
      ['book.abc/0002', 'the same music as "book.abc/0001"'],
      ['book.abc/0003', 'line 17, byte 100: empty: the tune has no notes'],
      ['book.abc/0004', undefined],
    ]);
  });

  it('chorales in their splits', async () => {
    const chorale = (shift: number) =>
      Array.from({ length: 64 }, (_, at) => [72, 64, 60, 48].map((pitch) => pitch + shift + ((at >> 2) % 5)));
    writeFileSync(place('jsb.json'), JSON.stringify({ train: [chorale(0), chorale(1)], valid: [chorale(2)] }));
    const { manifest } = await prepare('jsb.json');
    expect(manifest.songs.map(({ path, split }) => [path, split])).toEqual([
      ['jsb.json/train/001', 'train'],
      ['jsb.json/train/002', 'train'],
      ['jsb.json/valid/001', 'valid'],
    ]);
  });

  it('pickled scores from an archive as it is published', async () => {
    const frames = Uint8Array.from({ length: 12 * 240 }, (_, at) =>
      at % 12 === 0 ? 60 + (Math.floor(at / 72) % 7) : at % 12 === 1 ? 9 : 0,
    );
    const bytes = pickledArray([240, 4, 3], frames, 441_000);
    const path = 'nesmdb24_exprsco/valid/001_Game_00_01Start.exprsco.pkl';
    writeFileSync(place('exprsco.tar.gz'), tarGzOf([{ path, bytes }]));
    const { manifest } = await prepare('exprsco.tar.gz');
    expect(manifest.songs).toMatchObject([{ path, title: '001_Game_00_01Start', split: 'valid' }]);
  });
});
