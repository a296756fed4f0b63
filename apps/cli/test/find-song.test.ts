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
