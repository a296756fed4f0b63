import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { playScore, writeVgm } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { isPackedVgm, readSongs } from '../src/dataset/formats.ts';
import { DataError, melodyEncoding, prepareDataset, writeMidi } from '../src/index.ts';
import { tarGzOf } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';
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
      /a\.txt: no kind of file that is read \(MIDI, VGM.*\); give one of these/,
    );
    expect(() => readSongs(new Uint8Array(0), 'a.vgm')).toThrow(DataError);
    expect(isPackedVgm(gzipSync(Buffer.from('ustar')))).toBe(false);
    expect(isPackedVgm(Uint8Array.of(0x1f, 0x8b, 8))).toBe(false);
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
