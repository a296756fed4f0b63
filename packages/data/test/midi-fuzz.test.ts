import { describe, expect, it } from 'vitest';
import { checkSong, DataError, Random, readMidi, writeMidi } from '../src/index.ts';
import { singleTrack, tempo } from './support/midi-bytes.ts';
import { mutate } from './support/mutate.ts';
import { plainNote, songOf } from './support/songs.ts';

const notes = Array.from({ length: 20 }, (_, index) => plainNote(index * 5000, index * 5000 + 4000, 50 + index));
const samples = [
  writeMidi(songOf({ pulse1: notes, noise: [plainNote(0, 5000, 3)] })),
  singleTrack([
    ...tempo(400_000),
    ...Array.from({ length: 60 }, (_, i) => [i, 0x90 + (i % 16), 30 + i, i, 3, 30 + i, 0]).flat(),
  ]),
];

describe('readMidi on damaged files', () => {
  it('gives a song that keeps the contract, or a DataError of one line', () => {
    const random = new Random(2026);
    const outcomes = { songs: 0, errors: 0 };
    for (let round = 0; round < 3000; round++) {
      const bytes = mutate(samples[round % samples.length], random);
      try {
        checkSong(readMidi(bytes, 'fuzz.mid').song);
        outcomes.songs++;
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
        expect(String(error)).not.toMatch(/\n/);
        outcomes.errors++;
      }
    }
    // Both ways out are taken often: the test is not idle.
    expect(outcomes.songs).toBeGreaterThan(100);
    expect(outcomes.errors).toBeGreaterThan(300);
  });

  it('refuses random bytes', () => {
    const random = new Random(7);
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from({ length: random.nextInteger(400) }, () => random.nextInteger(256));
      expect(() => readMidi(bytes, 'random.mid')).toThrow(DataError);
    }
  });
});
