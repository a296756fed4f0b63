import { describe, expect, it } from 'vitest';
import { pick } from '../src/composing/pick.ts';

describe('pick', () => {
  it('never takes an index without weight, at the edges neither', () => {
    const weights = [0, 3, 0, 1, 0];
    expect(pick(weights, 0)).toBe(1);
    expect(pick(weights, 0.75 - 2 ** -32)).toBe(1);
    expect(pick(weights, 0.75)).toBe(3);
    expect(pick(weights, 1 - 2 ** -32)).toBe(3);
  });

  it('gives the last index with weight where rounding leaves a rest', () => {
    // In float64, 10 x 0.1 = 1 but 0.1 added ten times is less: a draw next to 1 can pass all of them.
    const weights = [...new Array<number>(10).fill(0.1), 0];
    expect(pick(weights, 1)).toBe(9);
  });

  it('takes an index as often as its weight says', () => {
    const weights = [5, 0, 1, 4];
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 1000; draw++) counts[pick(weights, draw / 1000)]++;
    expect(counts).toEqual([500, 0, 100, 400]);
  });
});
