import { describe, expect, it } from 'vitest';
import { DataError, printable, reasonOf } from '../src/index.ts';

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

  it('keeps whatever a terminal obeys out of its line', () => {
    const hostile = 'a\u001b[31mb\u009b2Jc\u0007d\u007fe\u202ef\u2028g\th';
    expect(printable(hostile)).toBe('a [31mb 2Jc d e f g h');
    expect(new DataError(hostile, hostile, hostile).message).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
    expect(printable('Ünï 新しい曲 🎵.mid')).toBe('Ünï 新しい曲 🎵.mid');
  });
});
