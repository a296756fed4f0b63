import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ApuError,
  DEFAULT_GAIN,
  FILTER_PROFILES,
  type FilterName,
  NTSC_CPU_CLOCK,
  PAL_CPU_CLOCK,
  type RegisterLog,
  type RenderOptions,
  renderAudio,
  VOICE_NAMES,
  type VoiceName,
} from '../src/index.ts';
import { makeLog, pulseLog, triangleLog } from './support/logs.ts';
import { peakFrequency } from './support/spectrum.ts';

const filters = Object.keys(FILTER_PROFILES) as FilterName[];
const peakOf = (samples: Float32Array) => samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);

/** Any legal log: random writes to random registers, up to a fifth of a second. */
const legalLogs = fc
  .array(
    fc.tuple(
      fc.integer({ min: 0, max: 3000 }),
      fc.integer({ min: 0x4000, max: 0x4017 }),
      fc.integer({ min: 0, max: 255 }),
    ),
    {
      maxLength: 150,
    },
  )
  .map((list): RegisterLog => {
    let cycle = 0;
    const writes = list.map(([gap, register, value]) => {
      cycle += gap;
      return { cycle, register, value };
    });
    return { clock: NTSC_CPU_CLOCK, writes, duration: cycle + 2000 };
  });

describe('rendering', () => {
  it('gives the same samples for the same log', () => {
    fc.assert(
      fc.property(legalLogs, (log) => {
        expect(renderAudio(log)).toEqual(renderAudio(log));
      }),
      { numRuns: 10, seed: 30 },
    );
  });

  it('gives finite samples within -1..1 for any legal log, filter and gain', () => {
    const gains = fc.constantFrom(DEFAULT_GAIN, 0, 1, 40);
    fc.assert(
      fc.property(legalLogs, fc.constantFrom(...filters), gains, (log, filter, gain) => {
        for (const sample of renderAudio(log, { filter, gain })) expect(Math.abs(sample)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 25, seed: 31 },
    );
  });

  it('does not clip the loudest thing the chip can do, and keeps its shape', () => {
    const slam: [number, number][] = [];
    for (let i = 0; i < 400; i++) slam.push([0x4011, i % 40 < 20 ? 127 : 0]);
    const spread = makeLog(slam, 0.2);
    const log = { ...spread, writes: spread.writes.map((write) => ({ ...write, cycle: 100 * write.cycle })) };
    const loud = renderAudio(log, { gain: 10, fade: 0 });
    const soft = renderAudio(log, { gain: 0.1, fade: 0 });
    expect(peakOf(loud)).toBeCloseTo(1, 6);
    const scale = 1 / peakOf(soft);
    for (let i = 0; i < loud.length; i += 7) expect(loud[i]).toBeCloseTo(soft[i] * scale, 5);
  });

  it('scales with the gain below that', () => {
    const log = pulseLog(253, 2, 0.2);
    const [one, two] = [1, 2].map((gain) => renderAudio(log, { gain }));
    for (let i = 0; i < one.length; i += 11) expect(two[i]).toBeCloseTo(2 * one[i], 6);
  });

  it('has as many samples as the log lasts, at any rate, down to none', () => {
    const log = pulseLog(253, 2, 0.25);
    for (const sampleRate of [8000, 22_050, 44_100, 48_000, 96_000]) {
      expect(renderAudio(log, { sampleRate })).toHaveLength(Math.round((log.duration * sampleRate) / log.clock));
    }
    expect(renderAudio({ clock: NTSC_CPU_CLOCK, writes: [], duration: 0 })).toHaveLength(0);
  });

  it('does not depend on where blocks of samples begin', () => {
    // At this clock a sample is 37 cycles, so that the same sound 1,000 samples later is the same samples.
    const sound = pulseLog(100, 1, 0.1);
    const delayed = (samples: number): RegisterLog => ({
      clock: 37 * 48_000,
      writes: sound.writes.map((write) => ({ ...write, cycle: write.cycle + 37 * samples })),
      duration: sound.duration + 37 * samples,
    });
    const [first, second] = [50, 1050].map((samples) => renderAudio(delayed(samples), { fade: 0, filter: 'famicom' }));
    for (let i = 0; i < first.length; i++) expect(second[i + 1000]).toBeCloseTo(first[i], 6);
  });

  it.each(filters)('is silent while nothing plays, and starts and stops without a thump (%s)', (filter) => {
    const idle = renderAudio(makeLog([[0x4015, 0x0f]], 0.1), { filter });
    expect(peakOf(idle)).toBe(0);
    const stopped = renderAudio(triangleLog(200, 0.3), { filter });
    expect(Math.abs(stopped[stopped.length - 1])).toBe(0);
    // The level the triangle rests at from power-up is not heard: the first samples are as good as 0.
    expect(peakOf(stopped.slice(0, 3))).toBeLessThan(0.05);
  });

  it('plays at the pitch of the clock it is given, with the tables that go with it', () => {
    const ntsc = pulseLog(253, 2, 0.8);
    const pal = { ...ntsc, clock: PAL_CPU_CLOCK };
    const pitch = (log: RegisterLog) => peakFrequency(renderAudio(log).slice(1000, 1000 + 32_768), 48_000, 300, 600);
    expect(pitch(ntsc)).toBeCloseTo(NTSC_CPU_CLOCK / (16 * 254), 1);
    expect(pitch(pal)).toBeCloseTo(PAL_CPU_CLOCK / (16 * 254), 1);
  });

  it('plays DMC samples from the memory of the log, from the cycle at which it is there', () => {
    const log = makeLog(
      [
        [0x4010, 0x4f],
        [0x4012, 0],
        [0x4013, 0],
        [0x4015, 0x10],
      ],
      0.5,
    );
    const bytes = Uint8Array.from({ length: 17 }, (_, i) => (i % 2 === 0 ? 0xff : 0x00));
    expect(peakOf(renderAudio({ ...log, memory: [{ cycle: 0, address: 0xc000, bytes }] }))).toBeGreaterThan(0.01);
    const late = renderAudio({ ...log, memory: [{ cycle: NTSC_CPU_CLOCK / 4 + 0.75, address: 0xc000, bytes }] });
    expect(peakOf(late.slice(2000, 11_900))).toBeLessThan(1e-3);
    expect(peakOf(late.slice(12_000))).toBeGreaterThan(1e-3);
  });
});

describe('silent voices', () => {
  /** Both pulses, the triangle and the noise at once. */
  const four = makeLog(
    [
      [0x4015, 0x0f],
      [0x4000, 0xbf],
      [0x4002, 253],
      [0x4003, 0x08],
      [0x4004, 0x7a],
      [0x4006, 168],
      [0x4007, 0x08],
      [0x4008, 0xff],
      [0x400a, 100],
      [0x400b, 0x09],
      [0x4017, 0xc0],
      [0x400c, 0x38],
      [0x400e, 0x05],
      [0x400f, 0x08],
    ],
    0.2,
  );
  const registers = { pulse1: 0x4000, pulse2: 0x4004, triangle: 0x4008, noise: 0x400c };
  const without = (voice: VoiceName): RegisterLog => ({
    ...four,
    writes: four.writes.filter(({ register }) => register >> 2 !== registers[voice] >> 2),
  });

  it.each(['pulse1', 'pulse2', 'noise'] as const)('leave the others as if %s had never been written to', (voice) => {
    const heard = renderAudio(four, { silentVoices: [voice] });
    expect(heard).toEqual(renderAudio(without(voice)));
    expect(heard).not.toEqual(renderAudio(four));
  });

  it('reach the mixer as 0: the noise is louder without the triangle, which a triangle at rest does not allow', () => {
    const noiseLevel = (silentVoices: VoiceName[], log = four) =>
      peakOf(renderAudio(log, { filter: 'clean', silentVoices }));
    const pulses: VoiceName[] = ['pulse1', 'pulse2'];
    const atRest = noiseLevel(pulses, without('triangle'));
    expect(noiseLevel([...pulses, 'triangle'])).toBeGreaterThan(1.1 * atRest);
  });

  it('are all that is heard when there are four', () => {
    expect(peakOf(renderAudio(four, { silentVoices: VOICE_NAMES }))).toBe(0);
  });
});

describe('a log or option that is wrong', () => {
  const good = pulseLog(253, 2, 0.01);
  const wrongLogs: [string, RegisterLog, RegExp][] = [
    ['unsorted', { ...good, writes: [...good.writes].reverse() }, /write 1: cycle 32 comes after cycle 40/],
    ['NaN cycle', { ...good, writes: [{ cycle: Number.NaN, register: 0x4000, value: 0 }] }, /cycle NaN is not a whole/],
    ['register', { ...good, writes: [{ cycle: 0, register: 0x4018, value: 0 }] }, /register 16408 is not one/],
    ['value', { ...good, writes: [{ cycle: 0, register: 0x4000, value: 256 }] }, /value 256 is not a byte/],
    ['value NaN', { ...good, writes: [{ cycle: 0, register: 0x4000, value: Number.NaN }] }, /value NaN/],
    ['duration', { ...good, duration: 3 }, /the last write is at cycle 40, after the log's duration of 3/],
    ['NaN duration', { ...good, duration: Number.NaN }, /duration is NaN/],
    ['endless', { ...good, duration: 1e14 }, /the log lasts 55873007 s/],
    ['clock', { ...good, clock: 0 }, /clock is 0/],
    [
      'memory',
      { ...good, memory: [{ cycle: 0, address: 0xffff, bytes: new Uint8Array(2) }] },
      /memory block 0: 2 bytes/,
    ],
  ];
  it.each(wrongLogs)('%s is refused with its place', (_name, log, message) => {
    expect(() => renderAudio(log)).toThrow(ApuError);
    expect(() => renderAudio(log)).toThrow(message);
  });

  const wrongOptions: RenderOptions[] = [
    { sampleRate: 0 },
    { sampleRate: Number.NaN },
    { gain: -1 },
    { fade: Number.NaN },
    { filter: 'toString' as FilterName },
  ];
  it.each(wrongOptions)('%o is refused', (options) => {
    expect(() => renderAudio(good, options)).toThrow(ApuError);
  });
});
