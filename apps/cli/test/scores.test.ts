import { describe, expect, it } from 'vitest';
import { outsideMark, rangeOf, scoreRanges, scoresOf } from '../src/scores.ts';
import { note, song } from './page-songs.ts';

const BEAT = 22_050;

const melody = [note(0, BEAT, 60), note(BEAT, 2 * BEAT, 72), note(5 * BEAT, 6 * BEAT, 67)];

describe('scoresOf', () => {
  it('counts notes, pitches and the longest rest of a melody', () => {
    const scores = scoresOf(song({ pulse1: melody }), ['pulse1']);
    expect(scores).toMatchObject({ notes: 3, pitches: 3, pitchRange: 12, pitchClasses: 2, longestRestBeats: 3 });
    expect(scores).not.toHaveProperty('polyphony');
    const nothing = scoresOf(song({}), ['pulse1']);
    expect(nothing).toMatchObject({ notes: 0, pitches: 0, pitchClasses: 0, longestRestBeats: 8 });
    expect(nothing.pitchRange).toBeNaN();
  });

  it('counts every voice that the model wrote and no other, and no pitches of the noise', () => {
    const noise = [0, 1, 2, 3].map((beat) => note(beat * BEAT, (beat + 1) * BEAT, 1 + beat));
    const band = song({ pulse1: melody, triangle: [note(0, 4 * BEAT, 36)], noise });
    expect(scoresOf(band, ['pulse1'])).toEqual(scoresOf(song({ pulse1: melody }), ['pulse1']));
    expect(scoresOf(band, ['pulse1', 'triangle', 'noise'])).toMatchObject({
      notes: 8,
      pitches: 4,
      pitchRange: 36,
      pitchClasses: 2,
      // The triangle and the noise fill it up to the fourth beat.
      longestRestBeats: 2,
      polyphony: (2 * 2 + 2 * 1 + 1) / 5,
    });
  });
});

describe('scoreRanges', () => {
  it('goes from the 5 % to the 95 % quantile of the same voices', () => {
    const songs = Array.from({ length: 101 }, (_, count) =>
      song({
        pulse1: Array.from({ length: count }, (_, index) => note(index * 100, index * 100 + 100, 60)),
        pulse2: [note(0, BEAT, 50)],
      }),
    );
    expect(scoreRanges(songs, ['pulse1']).notes).toEqual([5, 95]);
    expect(scoreRanges(songs, ['pulse1', 'pulse2']).notes).toEqual([6, 96]);
    expect(scoreRanges([], ['pulse1'])).toEqual({});
  });

  it('marks what lies outside, and not what cannot be told', () => {
    const range = rangeOf([1, 2, 3, Number.NaN]);
    expect(range).toEqual([1, 3]);
    expect([0, 1, 3, 4, Number.NaN].map((value) => outsideMark(value, range))).toEqual([' ↓', '', '', ' ↑', '']);
  });
});
