import { describe, expect, it } from 'vitest';
import { TimeBound } from '../src/training/time-bound.ts';

/** A bound of a minute on a clock that is set by hand, in seconds. */
function boundAt(minutes: number | undefined) {
  const clock = { seconds: 0 };
  return { clock, bound: new TimeBound(minutes, () => 1000 * clock.seconds) };
}

describe('a bound in time', () => {
  it('ends while the last validation still fits, with a fifth to spare', () => {
    const { clock, bound } = boundAt(1);
    for (const seconds of [8, 1]) bound.tookSteps(seconds);
    bound.tookValidation(9);
    // A step of 1 s and a validation of 9 s take 12 s with what is spared.
    clock.seconds = 47.9;
    expect(bound.isOver(0)).toBe(false);
    clock.seconds = 48.1;
    expect(bound.isOver(0)).toBe(true);
    // Steps that the device has not done yet take their time too.
    clock.seconds = 40;
    expect([bound.isOver(5), bound.isOver(7)]).toEqual([false, true]);
  });

  it('goes on after a first step that took half of the time, as the others are quicker', () => {
    const { clock, bound } = boundAt(1);
    clock.seconds = 34;
    bound.tookSteps(30);
    bound.tookValidation(4);
    expect(bound.isOver(0)).toBe(false);
    // Unless the second one is as slow.
    bound.tookSteps(30);
    expect(bound.isOver(0)).toBe(true);
  });

  it('judges a validation by the longest there was', () => {
    const { clock, bound } = boundAt(1);
    for (const seconds of [20, 5]) bound.tookValidation(seconds);
    clock.seconds = 36.5;
    expect(bound.isOver(0)).toBe(true);
  });

  it('asks for a first validation after a tenth of the time, and for none once there was one', () => {
    const { clock, bound } = boundAt(1);
    clock.seconds = 5.9;
    expect(bound.isFirstValidationDue).toBe(false);
    clock.seconds = 6.1;
    expect(bound.isFirstValidationDue).toBe(true);
    bound.tookValidation(0.5);
    expect(bound.isFirstValidationDue).toBe(false);
  });

  it('spares for other work what the last step, validation and checkpoint leave, and half before it knows what they take', () => {
    const { clock, bound } = boundAt(1);
    clock.seconds = 20;
    expect(bound.secondsToSpare).toBe(20);
    for (const seconds of [8, 1]) bound.tookSteps(seconds);
    bound.tookValidation(9);
    // 40 s are left, of which 1 and 9 s are kept, and a fifth of that.
    expect(bound.secondsToSpare).toBeCloseTo(28);
    clock.seconds = 55;
    expect(bound.secondsToSpare).toBe(0);
    expect(boundAt(undefined).bound.secondsToSpare).toBe(Number.POSITIVE_INFINITY);
  });

  it('asks for a look after each of the first two steps, then every two seconds', () => {
    const { bound } = boundAt(1);
    expect(bound.isLookDue(0.1)).toBe(true);
    bound.tookSteps(9);
    expect(bound.isLookDue(0.1)).toBe(true);
    bound.tookSteps(1);
    expect([bound.isLookDue(1.9), bound.isLookDue(2.1)]).toEqual([false, true]);
  });

  it('tells what is left, and how much is over', () => {
    const { clock, bound } = boundAt(2);
    clock.seconds = 30;
    expect([bound.secondsLeft, bound.share]).toEqual([90, 0.25]);
    clock.seconds = 150;
    expect([bound.secondsLeft, bound.share]).toEqual([0, 1]);
  });

  it('asks for nothing and never ends where there is none', () => {
    const { clock, bound } = boundAt(undefined);
    bound.tookSteps(100);
    bound.tookValidation(1000);
    clock.seconds = 1e6;
    expect([bound.isOver(100), bound.isLookDue(100), bound.isFirstValidationDue]).toEqual([false, false, false]);
    expect([bound.secondsLeft, bound.share]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});
