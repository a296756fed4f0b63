import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { scoresOf } from '../src/scores.ts';
import { checkTracksFolder, type Track, type TrackSettings, tracksFolder, writeTracks } from '../src/tracks.ts';
import { note, song } from './page-songs.ts';
import { filesOf, scratchFolder } from './support/cli.ts';

const folder = scratchFolder();

const BEAT = 22_050;

function track(name: string, pitch: number): Track {
  const melody = song({ pulse1: [note(0, BEAT, pitch), note(BEAT, 2 * BEAT, pitch + 4)] });
  return { name, song: melody, events: [1, 2, 3], seed: 7, scores: scoresOf(melody, ['pulse1']) };
}

function settings(output: string, signal = new AbortController().signal): TrackSettings {
  const sound = { sampleRate: 8000, filter: 'nes' as const };
  const options = { command: ['vary', 'a.mid'], options: { run: 'my-run' }, further: { vary: { run: 'my-run' } } };
  const chosen = { title: 'two tracks', settings: { bars: 2 }, ...options, midi: 'general-midi' as const };
  return { output, replace: true, ...chosen, sound, signal };
}

async function quietly<Result>(work: () => Promise<Result>): Promise<Result> {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  return work().finally(() => write.mockRestore());
}

describe('writeTracks', () => {
  it('writes four files a track and a page, and replaces earlier tracks as a whole', async () => {
    const output = join(folder, 'tracks');
    await quietly(() => writeTracks([track('track-01', 60), track('track-02', 62)], settings(output)));
    expect(await filesOf(output)).toHaveLength(9);
    const written = await quietly(() => writeTracks([track('track-01', 64)], settings(output)));
    expect(written).toEqual({ output, page: join(output, 'index.html') });
    const endings = ['json', 'mid', 'vgm', 'wav'];
    expect(await filesOf(output)).toEqual(['index.html', ...endings.map((ending) => `track-01.${ending}`)]);
    expect(JSON.parse(await readFile(join(output, 'track-01.json'), 'utf8'))).toEqual({
      name: 'track-01',
      title: 'a song',
      seed: 7,
      settings: { bars: 2 },
      scores: expect.objectContaining({ notes: 2, pitches: 2, pitchClasses: 2, longestRestBeats: 6 }),
      sound: { sampleRate: 8000, filter: 'nes' },
      command: ['vary', 'a.mid'],
      options: { run: 'my-run' },
      further: { vary: { run: 'my-run' } },
      events: [1, 2, 3],
    });
    expect(await filesOf(folder)).toHaveLength(6);
  });

  it('leaves nothing behind when it is aborted, and the earlier tracks as they were', async () => {
    const output = join(folder, 'aborted');
    await quietly(() => writeTracks([track('track-01', 60)], settings(output)));
    const before = await readFile(join(output, 'track-01.mid'));
    const files = await filesOf(folder);
    const signal = AbortSignal.abort();
    await expect(quietly(() => writeTracks([track('track-01', 72)], settings(output, signal)))).rejects.toBe(
      signal.reason,
    );
    expect(await filesOf(folder)).toEqual(files);
    expect(await readFile(join(output, 'track-01.mid'))).toEqual(before);
  });

  it('says in one line that a place cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const wanted = settings(join(folder, 'file/tracks'));
    await expect(quietly(() => writeTracks([track('track-01', 60)], wanted))).rejects.toThrow(
      /tracks: a part of the path is a file/,
    );
  });
});

describe('tracksFolder', () => {
  it('is the wanted folder until that holds tracks, then the first free one beside it', async () => {
    const wanted = join(folder, 'many');
    const made: string[] = [];
    for (const replace of [false, false, false, true]) {
      const { output } = await quietly(() => writeTracks([track('track-01', 60)], { ...settings(wanted), replace }));
      made.push(output);
      // A file of that name is not written over, an empty folder is taken.
      if (made.length === 1) await writeFile(`${wanted}-2`, '');
      if (made.length === 1) await mkdir(`${wanted}-3`);
    }
    expect(made).toEqual([wanted, `${wanted}-3`, `${wanted}-4`, wanted]);
    expect(await tracksFolder(`${wanted}/`, false)).toBe(`${wanted}-5`);
  });

  it('refuses what holds other files', async () => {
    const wanted = join(folder, 'papers');
    await mkdir(wanted);
    await writeFile(join(wanted, 'letter.txt'), '');
    for (const replace of [false, true]) {
      await expect(tracksFolder(wanted, replace)).rejects.toThrow(/papers: holds letter\.txt, which is not a track/);
    }
  });
});

describe('checkTracksFolder', () => {
  it('takes what is missing, empty or holds tracks only', async () => {
    const place = join(folder, 'place');
    await checkTracksFolder(place);
    await mkdir(place);
    await checkTracksFolder(place);
    for (const name of ['index.html', 'track-01.wav', 'track-100.json']) await writeFile(join(place, name), '');
    await checkTracksFolder(place);
    for (const name of ['track-1.flac', 'track.wav', '.git']) {
      await writeFile(join(place, name), '');
      await expect(checkTracksFolder(place)).rejects.toThrow(/place: holds .*, which is not a track; choose another/);
    }
  });
});
