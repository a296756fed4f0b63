import { describe, expect, it } from 'vitest';
import { bigram, DataError, sequenceOf, unigram } from '../src/index.ts';

describe('baselines', () => {
  // Predicted events (the first of each sequence is given): 1, 0, 1 and 1.
  const train = [
    [0, 1, 0, 1],
    [0, 1],
  ].map(sequenceOf);

  it('unigram: add-one frequencies of the predicted events', () => {
    // Counts 1, 3, 0 of 4, smoothed 2/7, 4/7, 1/7; on 1, 2.
    const result = unigram(train, [sequenceOf([0, 1, 2])], 3);
    const nll = -(Math.log(4 / 7) + Math.log(1 / 7)) / 2;
    expect(result).toEqual({ nll, perplexity: Math.exp(nll), accuracy: 0.5, tokens: 2 });
  });

  it('bigram: add-one frequencies after each event', () => {
    // After 0: 1 three times, so (0+1)/6, (3+1)/6, (0+1)/6. After 1: 0 once: 2/4, 1/4, 1/4. After 2: nothing seen, 1/3
    // each.
    const result = bigram(
      train,
      [
        [0, 1, 1],
        [2, 0],
      ].map(sequenceOf),
      3,
    );
    const nll = -(Math.log(4 / 6) + Math.log(1 / 4) + Math.log(1 / 3)) / 3;
    expect(result.nll).toBeCloseTo(nll, 12);
    expect(result).toMatchObject({ tokens: 3, accuracy: 2 / 3 });
  });

  it('refuses to judge on nothing', () => {
    expect(() => unigram(train, [sequenceOf([1])], 3)).toThrow(DataError);
  });
});
