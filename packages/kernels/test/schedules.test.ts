import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  constantRate,
  cosineDecay,
  exponentialDecay,
  inverseSquareRoot,
  KernelError,
  linearDecay,
  oneCycle,
  type ScheduleDescription,
  scheduleOf,
  warmUp,
} from '../src/index.ts';

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

  it('linearDecay falls in equal parts to the floor, and stays', () => {
    const schedule = linearDecay(3, { steps: 5, floor: 1 });
    expect([1, 2, 3, 4, 5, 6, 1000].map(schedule)).toEqual([3, 2.5, 2, 1.5, 1, 1, 1]);
  });

  it("inverseSquareRoot is the Transformer's formula but for a factor", () => {
    const [width, steps] = [512, 4000];
    const paper = (at: number) => width ** -0.5 * Math.min(at ** -0.5, at * steps ** -1.5);
    const schedule = inverseSquareRoot(paper(steps), { warmUp: steps });
    fc.assert(fc.property(step, (at) => Math.abs(schedule(at) / paper(at) - 1) < 1e-12));
    expect(schedule(4 * steps)).toBeCloseTo(schedule(steps) / 2, 12);
  });

  it("oneCycle rises and falls as PyTorch's OneCycleLR", () => {
    // Steps 1, 3 and 10 are the corners where 30 % of ten steps end with the third.
    const schedule = oneCycle(2, { steps: 10 });
    const [first, last] = [2 / 25, 2 / 25 / 1e4];
    expect(schedule(1)).toBeCloseTo(first, 12);
    expect(schedule(2)).toBeCloseTo((first + 2) / 2, 12);
    expect(schedule(3)).toBe(2);
    expect(schedule(6.5)).toBeCloseTo((2 + last) / 2, 12);
    for (const at of [10, 11, 1000]) expect(schedule(at)).toBeCloseTo(last, 12);
    const own = oneCycle(1, { steps: 4, pctStart: 0.1, divFactor: 2, finalDivFactor: 5 });
    // A tenth of four steps is no step: it begins at the top.
    expect(own(1)).toBe(1);
    expect(own(4)).toBeCloseTo(0.1, 12);
  });

  it.each<[ScheduleDescription, (step: number) => number]>([
    [{ kind: 'constant' }, constantRate(0.5)],
    [{ kind: 'constant', warmUp: 3 }, warmUp(3, constantRate(0.5))],
    [{ kind: 'cosine', steps: 9, floor: 0.1 }, cosineDecay(0.5, { steps: 9, floor: 0.1 })],
    [{ kind: 'linear', steps: 9, warmUp: 4 }, warmUp(4, linearDecay(0.5, { steps: 9 }))],
    [{ kind: 'exponential', factor: 0.9, floor: 0.1 }, exponentialDecay(0.5, { factor: 0.9, floor: 0.1 })],
    [{ kind: 'inverseSquareRoot', warmUp: 5 }, inverseSquareRoot(0.5, { warmUp: 5 })],
    [{ kind: 'oneCycle', steps: 12, divFactor: 4 }, oneCycle(0.5, { steps: 12, divFactor: 4 })],
  ])('scheduleOf makes %j from JSON', (description, expected) => {
    const schedule = scheduleOf(JSON.parse(JSON.stringify(description)), 0.5);
    for (let at = 1; at <= 20; at++) expect(schedule(at)).toBe(expected(at));
  });

  it('decays never rise, and never leave the range from floor to rate', () => {
    fc.assert(
      fc.property(rates, fc.double({ min: 0, max: 1, noNaN: true }), step, (rate, share, at) => {
        const floor = rate * share;
        for (const schedule of [
          cosineDecay(rate, { steps: 1000, floor }),
          linearDecay(rate, { steps: 1000, floor }),
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
    ['a line of one step', () => linearDecay(1, { steps: 1 }), 'linearDecay: steps must be a whole number from 2 on'],
    [
      'no warm-up',
      () => inverseSquareRoot(1, { warmUp: 0 }),
      'inverseSquareRoot: warmUp must be a whole number from 1 on, got 0.',
    ],
    ['all of it rising', () => oneCycle(1, { steps: 9, pctStart: 1 }), 'oneCycle: pctStart must lie from 5e-324 to'],
    [
      'a cycle that falls first',
      () => oneCycle(1, { steps: 9, divFactor: 0.5 }),
      'oneCycle: divFactor must lie from 1',
    ],
    [
      'an unknown kind',
      () => scheduleOf(JSON.parse('{ "kind": "toString" }'), 1),
      'scheduleOf: kind must be one of constant, cosine, linear, exponential, inverseSquareRoot, oneCycle, got toString.',
    ],
    [
      'a setting of another kind',
      () => scheduleOf(JSON.parse('{ "kind": "constant", "steps": 5 }'), 1),
      'scheduleOf: constant has no setting steps; it has warmUp.',
    ],
    [
      'a missing setting',
      () => scheduleOf(JSON.parse('{ "kind": "cosine" }'), 1),
      'cosineDecay: steps must be a whole number from 2 on, got undefined.',
    ],
    [
      'text for a number',
      () => scheduleOf(JSON.parse('{ "kind": "exponential", "factor": "0.5" }'), 1),
      'exponentialDecay: factor must lie from 5e-324 to 1, got "0.5".',
    ],
  ])('refuses %s', (_name, build, message) => {
    expect(build).toThrow(KernelError);
    expect(build).toThrow(message);
  });
});
