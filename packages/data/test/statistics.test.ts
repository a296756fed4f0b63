import { TICKS_PER_SECOND } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countSong } from '../src/dataset/statistics/counts.ts';
import { durationLabel, entropy, FRAME_TICKS, polyphonyShares, sumCounts, summariseVoices } from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const second = TICKS_PER_SECOND;
const frames = (count: number) => Math.round(count * FRAME_TICKS);

describe('what a song plays', () => {
  it('is counted by voice: pitch, duration, density, polyphony, entropy', () => {
    const song = songOf(
      {
        pulse1: [60, 64, 67, 72].map((pitch, index) => plainNote(index * second, index * second + frames(4), pitch)),
        triangle: [plainNote(0, 2 * second, 40, 'triangle')],
      },
      { duration: 4 * second },
    );
    const counts = countSong(song);
    const [pulse1, pulse2, triangle] = summariseVoices(counts);
    expect(pulse1).toMatchObject({
      songs: 1,
      notes: 4,
      lowestPitch: 60,
      medianPitch: 64,
      highestPitch: 72,
      pitchEntropy: 2,
      // Three different steps: 4, 3 and 5 semitones.
      intervalEntropy: Math.log2(3),
      medianDuration: '3-4',
      durationEntropy: 0,
      notesPerSecond: 1,
    });
    expect(pulse1.soundingShare).toBeCloseTo((4 * frames(4)) / (4 * second), 10);
    // Two of its four notes have the triangle beside them.
    expect(pulse1.otherVoices).toBe(0.5);
    expect(pulse2).toMatchObject({
      songs: 0,
      notes: 0,
      medianPitch: Number.NaN,
      medianDuration: '–',
      soundingShare: 0,
    });
    expect(triangle).toMatchObject({ notes: 1, pitchEntropy: 0, soundingShare: 0.5, medianDuration: '65-128' });
    const [none, one, two] = polyphonyShares(counts);
    expect([none + one + two, two]).toEqual([
      expect.closeTo(1, 10),
      expect.closeTo((2 * frames(4)) / (4 * second), 10),
    ]);
    expect(none).toBeCloseTo(0.5 - (2 * frames(4)) / (4 * second), 10);
  });

  it('adds up: every note and every tick is counted once', () => {
    fc.assert(
      fc.property(fc.array(anySong(fc.constant(120)), { maxLength: 4 }), (songs) => {
        const counts = sumCounts(songs.map(countSong));
        const sum = (list: readonly number[]) => list.reduce((total, count) => total + count, 0);
        expect(counts.ticks).toBe(sum(songs.map(({ duration }) => duration)));
        for (const { voice, notes } of summariseVoices(counts)) {
          const played = songs.flatMap((song) => song.voices[voice]);
          expect([notes, sum(counts.voices[voice].durations)]).toEqual([played.length, played.length]);
          const bit = { pulse1: 1, pulse2: 2, triangle: 4, noise: 8 }[voice];
          const sounding = sum(counts.together.map((ticks, set) => (set & bit ? ticks : 0)));
          expect(sounding).toBe(sum(played.map(({ start, end }) => end - start)));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('has classes of duration that double, and entropies in bits', () => {
    expect([0, 1, 2, 3, 11].map(durationLabel)).toEqual(['1', '2', '3-4', '5-8', '1025-2048']);
    expect(entropy([5, 5, 5, 5, 0, 0])).toBe(2);
    expect(entropy([0, 7])).toBe(0);
    expect(entropy([])).toBeNaN();
  });
});
