import { melodyEncoding } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { repetitionPenalties } from '../src/composing/repetition.ts';
import { sample } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { freshCheckpoint } from './support/tiny.ts';

const penalties = (events: number[], repetitionLength: number) =>
  Object.fromEntries(repetitionPenalties(Uint16Array.from(events), { repetitionPenalty: 2, repetitionLength }));

describe('repetitionPenalties', () => {
  it('grows with each event that is as it was before', () => {
    // 5 6 7 came before, and 8 followed.
    expect(penalties([5, 6, 7, 8, 1, 5, 6, 7], 4)).toEqual({});
    expect(penalties([5, 6, 7, 8, 1, 5, 6, 7], 3)).toEqual({ 8: 2 });
    expect(penalties([5, 6, 7, 8, 1, 5, 6, 7], 2)).toEqual({ 8: 2 * 1.75 });
    expect(penalties([5, 6, 7, 8, 1, 5, 6, 7], 1)).toEqual({ 8: 2 * 1.75 ** 2 });
  });

  it('takes the longest of several passages, and each event that followed one', () => {
    expect(penalties([1, 2, 3, 9, 2, 3, 9, 5, 3, 4, 1, 2, 3], 1)).toEqual({ 9: 2 * 1.75 ** 2, 4: 2 });
  });

  it('finds what repeats straight away, and stays finite', () => {
    expect(penalties([7, 7, 7], 1)).toEqual({ 7: 2 * 1.75 });
    expect(penalties(new Array(500).fill(7), 1)).toEqual({ 7: 1000 });
  });
});

describe('sample', async () => {
  const device = await testDevice();
  const checkpoint = freshCheckpoint();
  const draw = async (settings: Record<string, unknown>) => {
    const options = { count: 1, length: 60, seed: 3, encoding: melodyEncoding, primer: [14] };
    const [made] = await sample(device, checkpoint, { ...options, settings });
    return made;
  };

  it('leaves a loop that the likeliest events run into', async () => {
    const looping = await draw({ topK: 1 });
    const free = await draw({ topK: 1, repetitionPenalty: 100, repetitionLength: 4 });
    /** Longest run of events that was there before. */
    const longestRepeat = (events: Uint16Array) => {
      const text = [...events].map((event) => String.fromCharCode(65 + event)).join('');
      let longest = 0;
      for (let start = 1; start < text.length; start++) {
        while (text.indexOf(text.slice(start, start + longest + 1)) < start && start + longest < text.length) longest++;
      }
      return longest;
    };
    expect(longestRepeat(looping.events)).toBeGreaterThan(20);
    expect(longestRepeat(free.events)).toBeLessThanOrEqual(4);
    // Likelihood is told without the penalty: avoiding what is likeliest costs.
    expect(free.nll ?? Number.NaN).toBeGreaterThan(looping.nll ?? Number.NaN);
  });
});
