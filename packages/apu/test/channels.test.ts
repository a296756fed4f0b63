import { describe, expect, it } from 'vitest';
import { mixPulses, mixTriangleNoiseDmc, PULSE_MIX, TRIANGLE_NOISE_DMC_MIX } from '../src/chip/mixer.ts';
import { Apu, ApuError, type Region } from '../src/index.ts';

type Level = keyof Apu['levels'];

/** A chip with all channels on and length counters loaded and halted, and the cycle to go on from. */
function soundingApu(region: Region = 'ntsc'): Apu {
  const apu = new Apu({ region });
  const opening = [
    [0x4015, 0x0f],
    [0x4000, 0xbf],
    [0x4001, 0x08],
    [0x4004, 0xbf],
    [0x4005, 0x08],
    [0x4008, 0xff],
    [0x400c, 0x3f],
    [0x4003, 0x08],
    [0x4007, 0x08],
    [0x400b, 0x08],
    [0x400f, 0x08],
    [0x4017, 0xc0],
  ];
  opening.forEach(([register, value], index) => {
    apu.write(10 + 10 * index, register, value);
  });
  apu.runTo(200);
  return apu;
}

/** Levels of one channel at `count` cycles, `spacing` apart, from `start` on. */
function levels(apu: Apu, channel: Level, start: number, spacing: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    apu.runTo(start + i * spacing);
    return apu.levels[channel];
  });
}

/** Cycles at which the channel's level changes, until there are `count` of them. */
function changes(apu: Apu, channel: Level, count: number): number[] {
  const cycles: number[] = [];
  let level = apu.levels[channel];
  for (let cycle = apu.cycle + 1; cycles.length < count; cycle++) {
    apu.runTo(cycle);
    if (apu.levels[channel] === level) continue;
    level = apu.levels[channel];
    cycles.push(cycle);
  }
  return cycles;
}

describe('pulse', () => {
  it.each([
    [0, '01000000'],
    [1, '01100000'],
    [2, '01111000'],
    [3, '10011111'],
  ])('duty %i gives %s from a restart on', (duty, sequence) => {
    for (const [base, channel] of [
      [0x4000, 'pulse1'],
      [0x4004, 'pulse2'],
    ] as const) {
      const apu = soundingApu();
      apu.write(300, base, (duty << 6) | 0x3f);
      apu.write(302, base + 2, 99);
      apu.runTo(1000);
      const edge = changes(apu, channel, 1)[0];
      apu.write(edge, base + 3, 0x08);
      // A restart does not reset the timer: a whole step of 200 cycles follows an edge.
      const heard = levels(apu, channel, edge + 100, 200, 16).map((level) => (level > 0 ? '1' : '0'));
      expect(heard.join('')).toBe(sequence + sequence);
    }
  });

  it('has the period 16 (t + 1) for every t from 8 to 2047, and is silent below', () => {
    for (let period = 0; period <= 2047; period++) {
      const risings: number[] = [];
      const apu = new Apu({ onStep: (cycle, step) => step > 0 && risings.push(cycle) });
      [0x0f, 0xbf, 0x08, period & 0xff, 0x08 | (period >> 8)].forEach((value, index) => {
        apu.write(10 * index, [0x4015, 0x4000, 0x4001, 0x4002, 0x4003][index], value);
      });
      apu.runTo(100 + 16 * 5 * (period + 1));
      const spacings = risings.slice(1).map((cycle, i) => cycle - risings[i]);
      expect(spacings.length).toBeGreaterThanOrEqual(period < 8 ? 0 : 3);
      expect(spacings.every((spacing) => spacing === 16 * (period + 1))).toBe(true);
      if (period < 8) expect(risings).toEqual([]);
    }
  });

  it('is muted above $3FF until the sweep negates, even with the sweep off', () => {
    const apu = soundingApu();
    apu.write(300, 0x4001, 0x00);
    apu.write(304, 0x4003, 0x08 | 4);
    expect(levels(apu, 'pulse1', 400, 1000, 50).every((level) => level === 0)).toBe(true);
    apu.write(60_000, 0x4001, 0x08);
    expect(levels(apu, 'pulse1', 60_001, 1000, 50)).toContain(15);
  });

  it('keeps its phase through silence', () => {
    const run = (mute: boolean) => {
      const apu = soundingApu();
      apu.write(300, 0x4002, 77);
      if (mute) {
        apu.write(1000, 0x4000, 0xb0);
        apu.write(500_000, 0x4000, 0xbf);
      }
      return levels(apu, 'pulse1', 500_001, 7, 500);
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe('triangle', () => {
  it('steps 15 down to 0 and up again, each level for t + 1 cycles, for every t', () => {
    for (let period = 2; period <= 2047; period += period < 64 ? 1 : 31) {
      const apu = soundingApu();
      apu.write(300, 0x400a, period & 0xff);
      apu.write(304, 0x400b, 0x08 | (period >> 8));
      apu.runTo(5000);
      const spacing = period + 1;
      const heard = levels(apu, 'triangle', 5000, spacing, 65);
      const start = heard.findIndex((level, i) => level === 15 && heard[i + 1] === 14);
      const cycle = Array.from({ length: 32 }, (_, i) => (i < 16 ? 15 - i : i - 16));
      expect(heard.slice(start, start + 32)).toEqual(cycle);
    }
  });

  it('has the period 32 (t + 1)', () => {
    for (const period of [2, 8, 27, 100, 2047]) {
      const apu = soundingApu();
      apu.write(300, 0x400a, period & 0xff);
      apu.write(304, 0x400b, 0x08 | (period >> 8));
      apu.runTo(5000);
      const edges = changes(apu, 'triangle', 62);
      // 30 of 32 steps change the level.
      expect(edges[31] - edges[1]).toBe(32 * (period + 1));
    }
  });

  it('starts at 15 and holds its level when stopped', () => {
    expect(new Apu().levels.triangle).toBe(15);
    const apu = soundingApu();
    apu.write(300, 0x400a, 50);
    apu.runTo(5000);
    apu.write(5001, 0x4015, 0x0b);
    const held = apu.levels.triangle;
    expect(held).toBeGreaterThan(0);
    expect(levels(apu, 'triangle', 5002, 997, 100).every((level) => level === held)).toBe(true);
  });

  it('runs at ultrasonic periods, unless asked to hold them', () => {
    const run = (holdUltrasonicTriangle: boolean) => {
      let steps = 0;
      const apu = new Apu({ holdUltrasonicTriangle, onStep: () => steps++ });
      [0x0f, 0xff, 0x01, 0x08, 0xc0].forEach((value, index) => {
        apu.write(10 * index, [0x4015, 0x4008, 0x400a, 0x400b, 0x4017][index], value);
      });
      apu.runTo(1000);
      steps = 0;
      apu.runTo(1000 + 2 * 320);
      return steps;
    };
    expect(run(false)).toBe(300);
    expect(run(true)).toBe(0);
  });
});

describe('noise', () => {
  const bits = (value: number, count: number, region: Region = 'ntsc', period = 4) => {
    const apu = soundingApu(region);
    apu.write(300, 0x400e, value);
    apu.runTo(9000);
    return levels(apu, 'noise', 9000, period, count).map((level) => (level > 0 ? 1 : 0));
  };
  const isPeriodic = (list: readonly number[], period: number) =>
    list.every((bit, i) => i < period || bit === list[i - period]);

  it('repeats after 32,767 steps in the long mode, after no fewer, and is high half of the time', () => {
    const list = bits(0x00, 2 * 32_767);
    expect(isPeriodic(list, 32_767)).toBe(true);
    for (const part of [7, 31, 151]) expect(isPeriodic(list, 32_767 / part)).toBe(false);
    expect(list.slice(0, 32_767).filter((bit) => bit === 1).length).toBe(16_383);
  });

  it('repeats after 93 steps in the short mode, and not after 31 from this seed', () => {
    const list = bits(0x80, 930);
    expect(isPeriodic(list, 93)).toBe(true);
    expect(isPeriodic(list, 31)).toBe(false);
  });

  it.each(['ntsc', 'pal'] as const)('shifts at the %s periods', (region) => {
    const periods = {
      ntsc: [4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068],
      pal: [4, 8, 14, 30, 60, 88, 118, 148, 188, 236, 354, 472, 708, 944, 1890, 3778],
    }[region];
    const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
    periods.forEach((period, index) => {
      const apu = soundingApu(region);
      apu.write(300, 0x400e, index);
      apu.runTo(10_000);
      const edges = changes(apu, 'noise', 12);
      const spacings = edges.slice(1).map((cycle, i) => cycle - edges[i]);
      expect(spacings.reduce(greatestCommonDivisor)).toBe(period);
    });
  });
});

describe('DMC', () => {
  const play = (bytes: readonly number[], level: number, flags = 0) => {
    const fetched: number[] = [];
    const apu = new Apu({
      readMemory: (address) => {
        fetched.push(address);
        return bytes[(address - 0xc000) % bytes.length] ?? 0;
      },
    });
    apu.write(5, 0x4017, 0x40);
    apu.write(10, 0x4010, flags | 15);
    apu.write(20, 0x4011, level);
    apu.write(30, 0x4012, 0);
    apu.write(40, 0x4013, 1);
    apu.write(50, 0x4015, 0x10);
    return { apu, fetched };
  };

  it('moves by 2 a bit, lowest bit first, and stops at the rails', () => {
    const { apu } = play([0b0011_0101], 60);
    // The first bit falls on the first output cycle that finds a byte.
    const first = changes(apu, 'dmc', 1)[0];
    expect(levels(apu, 'dmc', first, 54, 8)).toEqual([62, 60, 62, 60, 62, 64, 62, 60]);
    expect(levels(play([0xff], 121).apu, 'dmc', 20_000, 1, 1)).toEqual([127]);
    expect(levels(play([0x00], 5).apu, 'dmc', 20_000, 1, 1)).toEqual([1]);
  });

  it('reads 16 L + 1 bytes, then reports the end, or starts over where it loops', () => {
    const once = play([0xaa], 0, 0x80);
    expect(once.apu.read(60, 0x4015) & 0x90).toBe(0x10);
    expect(once.apu.read(30_000, 0x4015) & 0x90).toBe(0x80);
    expect(once.fetched).toEqual(Array.from({ length: 17 }, (_, i) => 0xc000 + i));
    once.apu.write(30_010, 0x4015, 0);
    expect(once.apu.interrupt).toBe(false);
    const looping = play([0xaa], 0, 0xc0);
    looping.apu.runTo(100_000);
    expect(looping.fetched.length).toBeGreaterThan(200);
    expect(looping.fetched[17]).toBe(0xc000);
    expect(looping.apu.interrupt).toBe(false);
  });

  it('goes on at $8000 after $FFFF', () => {
    const fetched: number[] = [];
    const apu = new Apu({ readMemory: (address) => fetched.push(address) & 0xff });
    apu.write(10, 0x4010, 15);
    apu.write(20, 0x4012, 0xff);
    apu.write(30, 0x4013, 0xff);
    apu.write(40, 0x4015, 0x10);
    apu.runTo(100_000);
    expect(fetched.slice(62, 66)).toEqual([0xfffe, 0xffff, 0x8000, 0x8001]);
  });
});

describe('mixer', () => {
  it('gives the values of the hardware formula', () => {
    expect(mixPulses(0)).toBe(0);
    expect(mixPulses(15)).toBeCloseTo(0.149_377, 6);
    expect(mixPulses(30)).toBeCloseTo(0.258_483, 6);
    expect(mixTriangleNoiseDmc(0, 0, 0)).toBe(0);
    expect(mixTriangleNoiseDmc(15, 0, 0)).toBeCloseTo(0.246_412, 6);
    expect(mixTriangleNoiseDmc(15, 15, 127)).toBeCloseTo(0.741_516, 5);
    for (let n = 0; n <= 30; n++) expect(PULSE_MIX[n]).toBe(mixPulses(n));
    expect(TRIANGLE_NOISE_DMC_MIX[(9 << 11) | (4 << 7) | 77]).toBe(mixTriangleNoiseDmc(9, 4, 77));
  });

  it('is quieter than the sum of its parts, and DMC makes the triangle quieter', () => {
    expect(mixPulses(30)).toBeLessThan(2 * mixPulses(15));
    const swing = (dmc: number) => mixTriangleNoiseDmc(15, 0, dmc) - mixTriangleNoiseDmc(0, 0, dmc);
    expect(swing(127)).toBeLessThan(0.7 * swing(0));
  });
});

describe('power-up', () => {
  it('has all channels silent, the triangle at 15, and the frame counter running', () => {
    const apu = new Apu();
    expect(apu.levels).toEqual({ pulse1: 0, pulse2: 0, triangle: 15, noise: 0, dmc: 0 });
    expect(apu.output).toBe(mixTriangleNoiseDmc(15, 0, 0));
    expect(apu.read(0, 0x4015)).toBe(0);
    expect(apu.interrupt).toBe(false);
    // 4-step mode with interrupts on, started at power-up.
    apu.runTo(29_827);
    expect(apu.interrupt).toBe(false);
    apu.runTo(29_828);
    expect(apu.interrupt).toBe(true);
  });

  it('lets no channel sound before $4015 enables it', () => {
    const apu = new Apu();
    const levels = apu.levels;
    for (let register = 0x4000; register <= 0x400f; register++) apu.write(100 * (register - 0x3fff), register, 0xff);
    apu.runTo(100_000);
    expect(apu.levels).toEqual(levels);
  });
});

describe('accesses', () => {
  it('refuses registers, values and times that cannot be', () => {
    const apu = new Apu();
    expect(() => apu.write(0, 0x3fff, 0)).toThrow(ApuError);
    expect(() => apu.write(0, 0x4018, 0)).toThrow(ApuError);
    expect(() => apu.write(0, 0x4000, 256)).toThrow(ApuError);
    expect(() => apu.write(Number.NaN, 0x4000, 0)).toThrow(ApuError);
    expect(() => apu.write(0.5, 0x4000, 0)).toThrow(ApuError);
    apu.runTo(10);
    expect(() => apu.write(9, 0x4000, 0)).toThrow(/cycle 9 comes after cycle 10/);
  });

  it('reads open bus where there is nothing to read', () => {
    const apu = new Apu();
    expect(apu.read(0, 0x4000, 0x40)).toBe(0x40);
    expect(apu.read(0, 0x4015, 0xff)).toBe(0x20);
  });
});
