import { describe, expect, it } from 'vitest';
import { median, minimum } from '../src/statistics.ts';

describe('statistics', () => {
  it('takes the middle of an odd and the mean of the middle two of an even number of values', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 1, 4])).toBe(6.5);
    expect(median([2])).toBe(2);
  });

  it('sorts by value, not by text, and leaves the list as it is', () => {
    const values = [100, 20, 3];
    expect(median(values)).toBe(20);
    expect(values).toEqual([100, 20, 3]);
  });

  it('finds the minimum', () => {
    expect(minimum([3, -1, 2])).toBe(-1);
  });

  it('refuses empty lists', () => {
    expect(() => median([])).toThrow(RangeError);
    expect(() => minimum([])).toThrow(RangeError);
  });
});
