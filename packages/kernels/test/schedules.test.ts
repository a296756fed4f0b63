import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { constantRate, cosineDecay, exponentialDecay, KernelError, warmUp } from '../src/index.ts';

const rates = fc.double({ min: 1e-6, max: 1, noNaN: true });
const step = fc.integer({ min: 1, max: 100_000 });

describe('schedules', () => {
  it('constantRate never changes', () => {
    fc.assert(fc.property(rates, step, (rate, at) => constantRate(rate)(at) === rate));
  });

  it('warmUp rises in equal parts, then gives the schedule from its beginning', () => {
    const schedule = warmUp(4, exponentialDecay(1, { factor: 0.5 }));
    expect([1, 2, 3, 4, 5, 6, 7].map(schedule)).toEqual([0.2, 0.4, 0.6, 0.8, 1, 0.5, 0.25]);
    expect(warmUp(0, constantRate(3))(1)).toBe(3);
  });

  it('cosineDecay falls from the rate over half way to the floor, and stays', () => {
    const schedule = cosineDecay(3, { steps: 5, floor: 1 });
    const expected = [3, 2 + Math.SQRT1_2, 2, 2 - Math.SQRT1_2, 1, 1];
    for (const [index, rate] of expected.entries()) expect(schedule(index + 1)).toBeCloseTo(rate, 12);
    expect(schedule(1_000_000)).toBe(1);
  });

  it('exponentialDecay multiplies the distance to the floor', () => {
    const schedule = exponentialDecay(1, { factor: 0.5, floor: 0.5 });
    expect([1, 2, 3].map(schedule)).toEqual([1, 0.75, 0.625]);
  });

  it('decays never rise, and never leave the range from floor to rate', () => {
    fc.assert(
      fc.property(rates, fc.double({ min: 0, max: 1, noNaN: true }), step, (rate, share, at) => {
        const floor = rate * share;
        for (const schedule of [
          cosineDecay(rate, { steps: 1000, floor }),
          exponentialDecay(rate, { factor: 0.999, floor }),
        ]) {
          expect(schedule(at + 1)).toBeLessThanOrEqual(schedule(at));
          expect(schedule(at)).toBeLessThanOrEqual(rate * (1 + 1e-12));
          expect(schedule(at)).toBeGreaterThanOrEqual(floor * (1 - 1e-12));
        }
      }),
    );
  });

  it.each([
    ['a negative rate', () => constantRate(-1), 'constantRate: rate must lie from 0 to'],
    ['no rate', () => cosineDecay(Number.NaN, { steps: 5 }), 'cosineDecay: rate must lie from 0 to'],
    ['half a step', () => warmUp(0.5, constantRate(1)), 'warmUp: steps must be a whole number from 0 on, got 0.5.'],
    ['one step', () => cosineDecay(1, { steps: 1 }), 'cosineDecay: steps must be a whole number from 2 on, got 1.'],
    ['a floor above', () => cosineDecay(1, { steps: 5, floor: 2 }), 'cosineDecay: floor must lie from 0 to 1, got 2.'],
    [
      'growth',
      () => exponentialDecay(1, { factor: 1.1 }),
      'exponentialDecay: factor must lie from 5e-324 to 1, got 1.1.',
    ],
  ])('refuses %s', (_name, build, message) => {
    expect(build).toThrow(KernelError);
    expect(build).toThrow(message);
  });
});
