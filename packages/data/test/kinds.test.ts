import { describe, expect, it } from 'vitest';
import { byKind, countKinds } from '../src/dataset/kinds.ts';

describe('countKinds', () => {
  it('puts together what differs in places, names, numbers and how often it held', () => {
    expect(
      countKinds([
        'byte 12: the file ends at byte 9, not at byte 12',
        'unpacked, byte 77: the file ends at byte 1000, not at byte 12',
        'the same file as "a.mid"',
        'the same file as "a \\"strange\\" name (2).mid"',
        'left out a byte 0x00 among the commands',
        'left out a byte 0x00 among the commands (7 times)',
        'line 3, byte 40: no key',
      ]),
    ).toEqual({
      'the file ends at byte N, not at byte N': 2,
      'the same file as …': 2,
      'left out a byte N among the commands': 2,
      'no key': 1,
    });
  });

  it('puts singular and plural together, in the plural where anything has it', () => {
    const skipped = (bytes: string) => `skipped ${bytes} after the end (first at byte 22)`;
    expect(countKinds([skipped('1 byte'), skipped('3 bytes'), skipped('1 byte')])).toEqual({
      'skipped N bytes after the end (first at byte N)': 3,
    });
    const once = ['left out 1 key (first at byte 22)', 'left out 1 key (first at byte 40)'];
    expect(countKinds(once)).toEqual({ 'left out 1 key (first at byte N)': 2 });
    expect(countKinds(['fewer than 1 pitch class', 'fewer than 3 pitch classes'])).toEqual({
      'fewer than N pitch classes': 2,
    });
  });

  it('leaves the words as they are where all of a kind are the same', () => {
    expect(countKinds(['byte 5: shorter than 2 bars', 'byte 9: shorter than 2 bars'])).toEqual({
      'shorter than 2 bars': 2,
    });
    expect(countKinds(['the same file as "a.mid"'])).toEqual({ 'the same file as "a.mid"': 1 });
  });

  it('keeps kinds apart, the most frequent first, and tells what is of each', () => {
    const told = byKind(['b 1', 'a', 'b 2', 'c'], (sentence) => sentence);
    expect(told.map(({ words, items }) => [words, ...items])).toEqual([
      ['b N', 'b 1', 'b 2'],
      ['a', 'a'],
      ['c', 'c'],
    ]);
  });
});
