import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Apu } from '../src/index.ts';

const accesses = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 20_000 }),
    fc.integer({ min: 0x4000, max: 0x4017 }),
    fc.integer({ max: 255, min: 0 }),
  ),
  { maxLength: 60 },
);

describe('what the voices play', () => {
  it('is the same with and without sound', () => {
    fc.assert(
      fc.property(accesses, (list) => {
        const heard = new Apu();
        const muted = new Apu({ muted: true });
        let cycle = 0;
        for (const [gap, register, value] of [[1, 0x4015, 15] as const, ...list]) {
          cycle += gap;
          heard.write(cycle, register, value);
          muted.write(cycle, register, value);
          expect(muted.voices).toEqual(heard.voices);
        }
      }),
      { numRuns: 200, seed: 70 },
    );
  });

  it('falls silent when the length counter has run out', () => {
    const apu = new Apu();
    apu.write(1, 0x4015, 0x0f);
    apu.write(20, 0x4000, 0x9a); // duty 2, length counter running, constant volume 10
    apu.write(40, 0x4002, 0xfd);
    apu.write(60, 0x4003, 0x18); // entry 3 of the length table: 2 half frames
    apu.runTo(61); // a length is taken over on the cycle after its write
    expect(apu.voices.pulse1).toEqual({ period: 0xfd, volume: 10, duty: 2 });
    apu.runTo(29_000);
    expect(apu.voices.pulse1.volume).toBe(10);
    apu.runTo(30_000);
    expect(apu.voices.pulse1.volume).toBe(0);
  });

  it('follows envelope, sweep and the linear counter', () => {
    const apu = new Apu({ muted: true });
    apu.write(1, 0x4015, 0x0f);
    apu.write(20, 0x400c, 0x00); // decays by one each quarter frame
    apu.write(30, 0x400e, 0x85);
    apu.write(40, 0x400f, 0x08);
    apu.write(50, 0x4004, 0x3f);
    apu.write(60, 0x4005, 0x89); // sweep down by half, negated, every half frame
    apu.write(70, 0x4006, 0x00);
    apu.write(80, 0x4007, 0x0a);
    apu.write(90, 0x4008, 0x02); // two quarter frames
    apu.write(100, 0x400b, 0x08);
    const noise: number[] = [];
    const triangle: number[] = [];
    for (let quarter = 1; quarter <= 4; quarter++) {
      apu.runTo(7457 * quarter + 20);
      noise.push(apu.voices.noise.volume);
      triangle.push(apu.voices.triangle.volume);
    }
    expect(noise).toEqual([15, 14, 13, 12]);
    expect(triangle).toEqual([15, 15, 0, 0]);
    expect(apu.voices.noise).toMatchObject({ period: 5, duty: 1 });
    expect(apu.voices.pulse2.period).toBe(0x80);
  });
});
