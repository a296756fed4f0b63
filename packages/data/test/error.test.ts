import { describe, expect, it } from 'vitest';
import { DataError, reasonOf } from '../src/index.ts';

describe('DataError', () => {
  it('says in one line where, what and what to do', () => {
    const error = new DataError('a.mid', 'no track', 'export it again', { byte: 22 });
    expect(error.message).toBe('a.mid, byte 22: no track; export it again');
    expect(reasonOf(error)).toBe('byte 22: no track');
    expect(error.byte).toBe(22);
  });

  it('says which line or field holds the byte, or that it counts in the unpacked content', () => {
    const place = { byte: 40, within: 'line 3' };
    expect(new DataError('a.abc', 'no note', 'correct it', place).message).toBe(
      'a.abc, line 3, byte 40: no note; correct it',
    );
    expect(reasonOf({ problem: 'no note', place })).toBe('line 3, byte 40: no note');
  });

  it('needs no byte, and keeps line breaks of damaged names out of its line', () => {
    const error = new DataError('a\nb', 'is\r\nmissing', 'check the path');
    expect(error.message).toBe('a b: is missing; check the path');
    expect(reasonOf(error)).toBe('is missing');
    expect(error.byte).toBeUndefined();
  });
});
