import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../src/dataset/dataset.ts';
import { indexText } from '../src/dataset/shard.ts';
import {
  DataError,
  type Dataset,
  datasetFromSongs,
  embeddedCorpus,
  type Manifest,
  melodyEncoding,
  reportTable,
  type Split,
} from '../src/index.ts';
import { openDataset, prepareDataset, writeDataset } from '../src/node/index.ts';
import { sha256Of } from '../src/sha256.ts';
import { tarGzOf } from './support/archives.ts';
import { temporaryFolder } from './support/folder.ts';
import { tuneMidi, tuneSong } from './support/tunes.ts';

const folder = temporaryFolder();
const place = (name: string) => join(folder, name);
const encoding = melodyEncoding;
const prepare = (inputs: string[], output: string, more = {}) =>
  prepareDataset({ inputs, encoding, output, seed: 1, validShare: 0.25, ...more });

const files = Array.from({ length: 12 }, (_, index) => ({
  // Four games of three songs each, by NES-MDB's naming.
  path: `00${index % 4}_Game${index % 4}_0${Math.floor(index / 4)}_0${index}Song.mid`,
  bytes: tuneMidi(index),
}));
writeFileSync(place('tunes.zip'), zipSync(Object.fromEntries(files.map(({ path, bytes }) => [path, bytes]))));

/** All files of a dataset folder with the hashes of their content. */
const contents = (name: string) =>
  readdirSync(place(name))
    .sort()
    .map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(place(name), file)))
        .digest('hex'),
    ]);

const toldOf = (dataset: Dataset, split: Split) =>
  dataset.sequences(split).map(({ song, voice, read }) => ({ song, voice, events: read() }));

describe('prepareDataset', () => {
  it('writes a dataset that opens as the same sequences', async () => {
    const written = await prepare([place('tunes.zip')], place('opened'));
    const opened = await openDataset(place('opened'));
    expect(opened.manifest).toEqual(written.manifest);
    expect(opened.report).toEqual(written.report);
    for (const split of ['train', 'valid', 'test'] as const)
      expect(toldOf(opened, split)).toEqual(toldOf(written, split));
    const sequences = [...opened.sequences('train'), ...opened.sequences('valid')];
    expect(sequences).toHaveLength(24);
    const first = sequences.find(({ song, voice }) => song.path === files[0].path && voice === 'pulse1');
    expect(first?.read()).toEqual(encoding.encode(tuneSong(0)).sequences[0].events);
  });

  it('gives the same bytes for the same input, whatever it is packed in and in whatever order', async () => {
    writeFileSync(place('tunes.tar.gz'), tarGzOf([...files].reverse()));
    await prepare([place('tunes.zip')], place('same1'));
    await prepare([place('tunes.tar.gz')], place('same2'));
    const withoutInputs = (name: string) => contents(name).filter(([file]) => file !== 'manifest.json');
    expect(withoutInputs('same1')).toEqual(withoutInputs('same2'));
    const [one, two] = [await openDataset(place('same1')), await openDataset(place('same2'))];
    expect(one.manifest.fingerprint).toBe(two.manifest.fingerprint);
    await prepare([place('tunes.zip')], place('same1'));
    expect(contents('same1')).toEqual(contents('opened'));
  });

  it('never tears a game apart, and deals by the seed', async () => {
    const validGames = new Set<string>();
    for (let seed = 0; seed < 6; seed++) {
      const { manifest } = await prepare([place('tunes.zip')], place('games'), { seed });
      const gamesIn = (split: string) =>
        new Set(manifest.songs.filter((song) => song.split === split).map(({ path }) => path.slice(0, 9)));
      expect(gamesIn('valid').size).toBe(1);
      expect(gamesIn('train').size).toBe(3);
      for (const game of gamesIn('valid')) validGames.add(game);
    }
    expect(validGames.size).toBeGreaterThan(1);
  });

  it('keeps the split of train, valid and test folders', async () => {
    const splits = ['train', 'valid', 'test'] as const;
    const sorted = files.map(({ path, bytes }, index) => ({ path: `music/${splits[index % 3]}/${path}`, bytes }));
    writeFileSync(place('sorted.tar.gz'), tarGzOf(sorted));
    const { manifest } = await prepare([place('sorted.tar.gz')], place('sorted'));
    for (const song of manifest.songs) expect(song.path).toContain(`/${song.split}/`);
    expect(splits.map((split) => manifest.splits[split].sequences)).toEqual([8, 8, 8]);
  });

  it('tells of each file what became of it', async () => {
    const mixed = {
      'good.mid': tuneMidi(1),
      'again.mid': tuneMidi(1),
      'short.mid': tuneMidi(2, 1),
      'notes.txt': new TextEncoder().encode('hello'),
      'cut.mid': tuneMidi(3).subarray(0, 100),
      'empty.mid': new Uint8Array(0),
    };
    writeFileSync(place('mixed.zip'), zipSync(mixed));
    const { report } = await prepare([place('mixed.zip')], place('mixed'));
    const reasons = Object.fromEntries(report.entries.map(({ path, kept, reason }) => [path, kept ? 'kept' : reason]));
    expect(reasons).toEqual({
      'good.mid': 'kept',
      'again.mid': 'the same file as "good.mid"',
      'short.mid': 'no voice was kept',
      'notes.txt': 'byte 0: unsupported file type',
      'cut.mid': 'byte 100: damaged: no notes can be read in it',
      'empty.mid': 'byte 0: the file is empty',
    });
    expect(report).toMatchObject({ files: 6, songs: 1, voices: { sounding: 4, kept: 2 } });
    expect(report.droppedVoices).toEqual({ 'shorter than 2 bars': 2 });
    const table = reportTable(report);
    expect(table).toMatch(/file +kept +1\n/);
    expect(table).toMatch(/voice +dropped: shorter than 2 bars +2\n/);
    expect(table).toContain('2 of 4 sounding voices kept (50.0 %)');
  });

  it('fails loudly when no song is usable, and leaves nothing behind', async () => {
    writeFileSync(place('useless.zip'), zipSync({ 'a.txt': new Uint8Array(3) }));
    await expect(prepare([place('useless.zip')], place('useless'))).rejects.toThrow(
      /no usable song in 1 file \(1: unsupported file type, a\.txt\)/,
    );
    expect(existsSync(place('useless'))).toBe(false);
    await expect(prepare([], place('useless'))).rejects.toThrow(DataError);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('replaces a dataset, but no other folder', async () => {
    await prepare([place('tunes.zip')], place('replaced'));
    await prepare([place('mixed.zip')], place('replaced'));
    expect((await openDataset(place('replaced'))).manifest.songs).toHaveLength(1);
    mkdirSync(place('precious'));
    writeFileSync(place('precious/letter.txt'), 'keep me');
    await expect(prepare([place('tunes.zip')], place('precious'))).rejects.toThrow(
      /precious: holds letter\.txt, which is not a file of a dataset/,
    );
    await expect(prepare([place('tunes.zip')], place('tunes.zip'))).rejects.toThrow(/a part of the path is a file/);
    expect(readdirSync(place('precious'))).toEqual(['letter.txt']);
  });

  it('replaces no dataset in which something else was put, and no manifest of another program', async () => {
    await prepare([place('mixed.zip')], place('shared'));
    mkdirSync(place('shared/run'));
    await expect(prepare([place('tunes.zip')], place('shared'))).rejects.toThrow(
      /shared: holds run, which is not a file/,
    );
    expect((await openDataset(place('shared'))).manifest.songs).toHaveLength(1);
    mkdirSync(place('page'));
    writeFileSync(place('page/manifest.json'), '{"name": "a page"}');
    await expect(prepare([place('tunes.zip')], place('page'))).rejects.toThrow(
      /manifest\.json: belongs to another program/,
    );
  });

  it('stops when it is aborted, and leaves nothing behind', async () => {
    const controller = new AbortController();
    const work = prepare([place('tunes.zip'), place('tunes.tar.gz')], place('aborted'), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(work).rejects.toThrow(/abort/i);
    expect(existsSync(place('aborted'))).toBe(false);
  });
});

describe('openDataset', () => {
  const damage = async (file: string, change: (bytes: Buffer) => Buffer) => {
    const path = place('damaged');
    await prepare([place('tunes.zip')], path);
    writeFileSync(join(path, file), change(readFileSync(join(path, file))));
    return openDataset(path);
  };

  it('refuses a missing folder, and one that is not a dataset', async () => {
    await expect(openDataset(place('nowhere'))).rejects.toThrow(
      /nowhere: is not a dataset \(manifest\.json: there is no such file or folder\); give the output folder/,
    );
    await expect(openDataset(folder)).rejects.toThrow(/is not a dataset/);
  });

  it('names the file that was changed or cut', async () => {
    const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - 2);
    const flip = (bytes: Buffer) => Buffer.from(bytes.map((byte, index) => (index === 10 ? byte ^ 1 : byte)));
    await expect(damage('train.events.u16', cut)).rejects.toThrow(/train\.events\.u16: the events are not those/);
    await expect(damage('valid.events.u16', flip)).rejects.toThrow(/valid\.events\.u16/);
    await expect(damage('manifest.json', (bytes) => bytes.subarray(0, 300))).rejects.toThrow(
      /manifest\.json: is not JSON/,
    );
    await expect(
      damage('manifest.json', (bytes) => Buffer.from(bytes.toString().replace('"classes": 38', '"classes": 39'))),
    ).rejects.toThrow(/field encoding\.classes: 39, but "melody" has 38|fingerprint/);
    await expect(
      damage('manifest.json', (bytes) => Buffer.from(bytes.toString().replace('"seed": 1', '"seed": "x"'))),
    ).rejects.toThrow(/field seed/);
    await expect(
      damage('train.index.json', (bytes) => Buffer.from(bytes.toString().replace('"start":0', '"start":1'))),
    ).rejects.toThrow(/train\.index\.json/);
  });
});

describe('openDataset holds numbers to what can be', () => {
  /** Changes a manifest, and an index, and makes all their hashes fit again. */
  const forge = async (
    edit: (manifest: Manifest) => void,
    editIndex: (index: { song: number; start: number; length: number }[]) => void = () => undefined,
  ) => {
    const path = place('forged');
    await prepare([place('tunes.zip')], path);
    const manifest: Manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
    const index = JSON.parse(readFileSync(join(path, 'train.index.json'), 'utf8'));
    edit(manifest);
    editIndex(index);
    writeFileSync(join(path, 'train.index.json'), indexText(index));
    manifest.splits.train.indexSha256 = sha256Of(indexText(index));
    manifest.fingerprint = fingerprintOf(manifest.encoding, manifest.splits);
    writeFileSync(join(path, 'manifest.json'), JSON.stringify(manifest));
    return openDataset(path);
  };

  it('takes what is as it was', async () => {
    await expect(forge(() => undefined)).resolves.toBeDefined();
  });

  it.each<[string, (manifest: Manifest) => void, RegExp]>([
    ['no step in a bar', ({ encoding }) => Object.assign(encoding, { stepsPerBar: 0 }), /encoding\.stepsPerBar/],
    [
      'other steps in a bar',
      ({ encoding }) => Object.assign(encoding, { stepsPerBar: 17 }),
      /stepsPerBar: 17, but "melody" has 16/,
    ],
    [
      'another version',
      ({ encoding }) => Object.assign(encoding, { version: 99 }),
      /encoding\.version: 99, but "melody" has/,
    ],
    [
      'other classes',
      ({ encoding }) => Object.assign(encoding, { classes: 500 }),
      /encoding\.classes: 500, but "melody" has/,
    ],
    ['an endless tempo', ({ songs }) => Object.assign(songs[0], { beatsPerMinute: 1e9 }), /songs\.0\.beatsPerMinute/],
    ['no sureness', ({ songs }) => Object.assign(songs[0], { tempoConfidence: -1 }), /songs\.0\.tempoConfidence/],
    ['more sequences', ({ splits }) => splits.train.sequences++, /entries, but the manifest says/],
    [
      'a song that moves',
      ({ songs }) =>
        songs.forEach((song: { split: string }) => {
          song.split = 'test';
        }),
      /is not in this split/,
    ],
  ])('and refuses %s', async (_, edit, message) => {
    await expect(forge(edit)).rejects.toThrow(message);
  });

  it.each<[string, (index: { song: number; start: number; length: number }[]) => void, RegExp]>([
    [
      'overlap',
      (index) => {
        index[1].start = 0;
      },
      /entry 1 starts at event 0, not \d+/,
    ],
    [
      'gaps',
      (index) => {
        index[1].start++;
      },
      /entry 1 starts at event/,
    ],
    [
      'songs that are not there',
      (index) => {
        index[0].song = 1e9;
      },
      /entry 0 is of song 1000000000/,
    ],
    [
      'events behind the end',
      (index) => {
        index[index.length - 1].length += 1e9;
      },
      /its entries have 1\d+ events, but/,
    ],
    [
      'entries without number',
      (index) => {
        for (let more = 0; more < 300_000; more++) index.push(index[0]);
      },
      /has 3\d+ entries, but/,
    ],
  ])('and refuses an index with %s', async (_, edit, message) => {
    await expect(forge(() => undefined, edit)).rejects.toThrow(message);
  });

  it.each(['manifest.json', 'report.json', 'train.index.json'])(
    'and refuses a huge %s, or one that is not a file',
    async (file) => {
      const path = place('bounded');
      await prepare([place('tunes.zip')], path);
      // Full of holes: it takes no room on disk.
      truncateSync(join(path, file), 600 * 2 ** 20);
      await expect(openDataset(path)).rejects.toThrow(/is larger than 419430400 bytes/);
      rmSync(join(path, file));
      execFileSync('mkfifo', [join(path, file)]);
      await expect(openDataset(path)).rejects.toThrow(/is not a plain file/);
      rmSync(join(path, file));
    },
  );
});

describe('datasetFromSongs', () => {
  it('is the same as preparing the songs from files', async () => {
    const songs = [0, 1, 2, 3, 4].map((seed) => tuneSong(seed));
    const dataset = datasetFromSongs(songs, encoding, { seed: 3, validShare: 0.2 });
    expect(dataset.manifest.splits).toMatchObject({ train: { sequences: 8 }, valid: { sequences: 2 } });
    await writeDataset(dataset, place('songs'));
    expect((await openDataset(place('songs'))).manifest).toEqual(dataset.manifest);
  });

  it('takes only the voices asked for', () => {
    const songs = embeddedCorpus().slice(0, 20);
    const { manifest, report } = datasetFromSongs(songs, encoding, { voices: ['pulse1'] });
    expect(manifest.voices).toEqual(['pulse1']);
    expect(report.voices).toMatchObject({ kept: 20, sounding: 20 });
    expect(report.entries[0].voices).toEqual({ pulse1: 'kept' });
  });

  it('keeps the tune of every piece of the embedded corpus', () => {
    const songs = embeddedCorpus();
    const { report } = datasetFromSongs(songs, encoding);
    const kept = report.entries.filter(({ voices }) => voices.pulse1 === 'kept');
    expect(kept).toHaveLength(songs.length);
  });
});
