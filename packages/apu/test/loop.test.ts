import { describe, expect, it } from 'vitest';
import { ApuError, type RegisterLog, readVgm, unrollLoop, writeVgm } from '../src/index.ts';

const write = (cycle: number, value: number) => ({ cycle, register: 0x4000, value });
const log: RegisterLog = {
  clock: 1_789_773,
  writes: [write(0, 1), write(100_000, 2), write(300_000, 3)],
  duration: 400_000,
  loop: 100_000,
};

describe('unrollLoop', () => {
  it('plays to the end, then from the loop to the end again', () => {
    const { writes, duration, loop } = unrollLoop(log, 3);
    expect(writes.map(({ cycle, value }) => [cycle, value])).toEqual([
      [0, 1],
      [100_000, 2],
      [300_000, 3],
      [400_000, 2],
      [600_000, 3],
      [700_000, 2],
      [900_000, 3],
    ]);
    expect([duration, loop]).toEqual([1_000_000, undefined]);
  });

  it('gives a log heard once as it is, without its loop', () => {
    const { loop: _, ...once } = log;
    expect(unrollLoop(log, 1)).toEqual(once);
  });

  it('gives logs that a VGM file can hold', () => {
    const unrolled = unrollLoop(log, 2);
    expect(readVgm(writeVgm(unrolled)).writes.map(({ value }) => value)).toEqual([1, 2, 3, 2, 3]);
  });

  it('refuses a log without a loop, and a number of times that is none', () => {
    const { loop: _, ...once } = log;
    expect(() => unrollLoop(once, 2)).toThrow(ApuError);
    expect(() => unrollLoop(log, 0.5)).toThrow('0.5 times');
  });
});
