import { describe, expect, it } from 'vitest';
import { FrameCounter, HALF_FRAME, QUARTER_FRAME } from '../src/chip/frame-counter.ts';
import { Apu, type Region } from '../src/index.ts';

const BOTH = QUARTER_FRAME | HALF_FRAME;

/** Clocks of the first `length` cycles after a restart by $4017, as [cycle, 'Q' or 'H']. */
function clocks(region: Region, value: number, length: number): [number, string][] {
  const counter = new FrameCounter(region);
  counter.write(1, value); // restarts at cycle 4
  const list: [number, string][] = [];
  while (counter.nextEvent <= 4 + length) {
    const cycle = counter.nextEvent;
    const due = counter.runEvent(cycle);
    if (due !== 0) list.push([cycle - 4, due === BOTH ? 'H' : 'Q']);
  }
  return list;
}

describe('clocks after a restart', () => {
  it('NTSC, 4 steps: period 29830', () => {
    expect(clocks('ntsc', 0x00, 29_830 + 7457)).toEqual([
      [7457, 'Q'],
      [14_913, 'H'],
      [22_371, 'Q'],
      [29_829, 'H'],
      [29_830 + 7457, 'Q'],
    ]);
  });
  it('NTSC, 5 steps: at once, nothing at 29829, period 37282', () => {
    expect(clocks('ntsc', 0x80, 37_282 + 7457)).toEqual([
      [0, 'H'],
      [7457, 'Q'],
      [14_913, 'H'],
      [22_371, 'Q'],
      [37_281, 'H'],
      [37_282 + 7457, 'Q'],
    ]);
  });
  it('PAL, 4 steps: period 33254', () => {
    expect(clocks('pal', 0x00, 33_254 + 8313)).toEqual([
      [8313, 'Q'],
      [16_627, 'H'],
      [24_939, 'Q'],
      [33_253, 'H'],
      [33_254 + 8313, 'Q'],
    ]);
  });
  it('PAL, 5 steps: period 41566', () => {
    expect(clocks('pal', 0x80, 41_566 + 8313)).toEqual([
      [0, 'H'],
      [8313, 'Q'],
      [16_627, 'H'],
      [24_939, 'Q'],
      [41_565, 'H'],
      [41_566 + 8313, 'Q'],
    ]);
  });
});

/** What a single read of $4015 says of the frame interrupt, `after` cycles after a write of `value` to $4017. */
function flagAt(after: number, value: number, written = 101): boolean {
  const apu = new Apu();
  apu.write(written, 0x4017, value);
  return (apu.read(written + after, 0x4015) & 0x40) !== 0;
}

describe('frame interrupt', () => {
  it('is first seen 29,831 cycles after a write on an odd cycle, 29,832 after one on an even cycle', () => {
    expect([29_830, 29_831].map((after) => flagAt(after, 0))).toEqual([false, true]);
    expect([29_831, 29_832].map((after) => flagAt(after, 0, 100))).toEqual([false, true]);
  });

  it('stays until read, and a read drops it at the next even cycle', () => {
    const apu = new Apu();
    apu.write(100, 0x4017, 0);
    expect(apu.read(40_000, 0x4015) & 0x40).toBe(0x40);
    expect(apu.read(40_001, 0x4015) & 0x40).toBe(0x40);
    expect(apu.read(40_002, 0x4015) & 0x40).toBe(0);
  });

  it('is raised on three cycles in a row, so that reads between them see it again', () => {
    const apu = new Apu();
    apu.write(101, 0x4017, 0);
    const first = 101 + 29_831;
    expect(apu.read(first, 0x4015) & 0x40).toBe(0x40);
    expect(apu.read(first + 4, 0x4015) & 0x40).toBe(0x40);
    expect(apu.read(first + 8, 0x4015) & 0x40).toBe(0);
  });

  it('shows for two cycles while inhibited, without reaching the CPU', () => {
    expect([29_830, 29_831, 29_832, 29_833].map((after) => flagAt(after, 0x40))).toEqual([false, true, true, false]);
    const apu = new Apu();
    apu.write(101, 0x4017, 0x40);
    apu.runTo(101 + 29_832);
    expect(apu.interrupt).toBe(false);
  });

  it('is dropped by a write with bit 6 set and kept by one without', () => {
    for (const [value, kept] of [
      [0x00, true],
      [0x40, false],
      [0x80, true],
    ] as const) {
      const apu = new Apu();
      apu.write(100, 0x4017, 0);
      apu.runTo(35_000);
      expect(apu.interrupt).toBe(true);
      apu.write(35_000, 0x4017, value);
      expect(apu.interrupt).toBe(kept);
    }
  });

  it('never comes in the 5-step mode', () => {
    const apu = new Apu();
    apu.write(100, 0x4017, 0x80);
    apu.runTo(200_000);
    expect(apu.read(200_000, 0x4015) & 0x40).toBe(0);
  });
});

describe('$4017 written twice in a row', () => {
  /** Pulse 1 with a length of 2 half frames: how many of them have passed shows in $4015. */
  const lengthAfter = (writes: readonly (readonly [cycle: number, value: number])[]) => {
    const apu = new Apu();
    apu.write(100, 0x4015, 1);
    apu.write(104, 0x4003, 3 << 3);
    for (const [cycle, value] of writes) apu.write(cycle, 0x4017, value);
    return (apu.read(300, 0x4015) & 1) === 1;
  };

  it('forces both clocks of $C0, $C0, and the one of $C0, $40, however close the writes are', () => {
    for (const gap of [0, 1, 2, 3, 4, 50]) {
      expect(
        lengthAfter([
          [200, 0xc0],
          [200 + gap, 0x40],
        ]),
      ).toBe(true);
      expect(
        lengthAfter([
          [200, 0xc0],
          [200 + gap, 0xc0],
        ]),
      ).toBe(false);
      expect(
        lengthAfter([
          [200, 0xc0],
          [200 + gap, 0x40],
          [250, 0xc0],
          [250 + gap, 0x40],
        ]),
      ).toBe(false);
    }
  });
});
