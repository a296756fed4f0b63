import { datasetFromSongs, embeddedCorpus, melodyEncoding } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { findSong } from '../src/find-song.ts';

const songs = embeddedCorpus()
  .slice(0, 4)
  .map((song, index) => ({ ...song, title: ['Air', 'Airs and Graces', 'Grace Note', 'Last\u001b[2J'][index] }));
const dataset = datasetFromSongs(songs, melodyEncoding, { voices: ['pulse1'] });
const found = (name: string) => findSong(dataset, name).title;

describe('findSong', () => {
  it('takes a whole name before a part of others, and parts in any case', () => {
    expect(found('Air')).toBe('Air');
    expect(found('airs')).toBe('Airs and Graces');
    expect(found('NOTE')).toBe('Grace Note');
  });

  it('takes the whole name of a file before a part of others, wherever it lies and in any case', () => {
    const files = ['game/Boss.mid', 'game/boss 2.mid', 'other/bosses.mid'];
    const titled = datasetFromSongs(
      files.map((path, index) => ({ ...songs[index], title: path })),
      melodyEncoding,
      { voices: ['pulse1'] },
    );
    expect(findSong(titled, 'boss').title).toBe('game/Boss.mid');
    expect(() => findSong(titled, 'bos')).toThrow(/means 3 songs/);
  });

  it('finds accents in either of their encodings', () => {
    const [song] = songs;
    for (const [held, typed] of [['NFC', 'NFD'] as const, ['NFD', 'NFC'] as const]) {
      const title = 'Für Elise'.normalize(held);
      const accented = datasetFromSongs([{ ...song, title }], melodyEncoding, { voices: ['pulse1'] });
      expect(findSong(accented, 'für el'.normalize(typed)).title).toBe(title);
    }
  });

  it('answers to a name of any length with one that fits a terminal', () => {
    expect(() => found('x'.repeat(100_000))).toThrow(/^x{255}…: there is no such file, .{0,200}$/);
  });

  it('names those that are meant where there are several, and the nearest where there is none', () => {
    expect(() => found('grace')).toThrow(
      `"grace" means 2 songs of the run's data: "Airs and Graces", "Grace Note"; give more of the name.`,
    );
    expect(() => found('Grave Note')).toThrow(/^Grave Note: there is no such file, .*; nearest are "Grace Note", /);
  });

  it('lets no name command the terminal', () => {
    expect(() => found('\u001b[2Jx')).not.toThrow('\u001b');
    expect(() => found('\u001b[2Jx')).toThrow(/no such file/);
  });
});
