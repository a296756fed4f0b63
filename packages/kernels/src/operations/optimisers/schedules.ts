/**
 * Learning rates as functions of the step: pure, so that a resumed run has the rates of an uninterrupted one. Steps count
 * from 1, as in `adamSchedule`.
 */
import { KernelError } from '../../errors.ts';

/** The learning rate of a step, which counts from 1. */
export type Schedule = (step: number) => number;

/** The same rate at every step. @throws KernelError `schedule` for a negative or infinite rate */
export function constantRate(rate: number): Schedule {
  requireRange('constantRate', 'rate', rate, 0, Number.MAX_VALUE);
  return () => rate;
}

/**
 * Rises in equal parts to the full rate over the first steps (Goyal et al., arXiv 1706.02677), and goes on with the schedule
 * from its own first step: step / (steps + 1) of its first rate at steps 1 .. steps, then schedule(step - steps).
 *
 * @param steps whole number from 0 on
 * @throws KernelError `schedule` for any other number of steps
 */
export function warmUp(steps: number, schedule: Schedule): Schedule {
  requireSteps('warmUp', steps, 0);
  return (step) => (step <= steps ? (schedule(1) * step) / (steps + 1) : schedule(step - steps));
}

/**
 * Half a cosine from the rate at step 1 to the floor at the last step, where it stays (Loshchilov and Hutter, arXiv
 * 1608.03983, without restarts): floor + (rate - floor) (1 + cos(pi (step - 1) / (steps - 1))) / 2.
 *
 * @param options.steps number of steps, from 2 on
 * @param options.floor default 0
 * @throws KernelError `schedule` for a number outside its range
 */
export function cosineDecay(rate: number, { steps, floor = 0 }: { steps: number; floor?: number }): Schedule {
  requireRange('cosineDecay', 'rate', rate, 0, Number.MAX_VALUE);
  requireRange('cosineDecay', 'floor', floor, 0, rate);
  requireSteps('cosineDecay', steps, 2);
  return (step) => {
    const done = Math.min(1, (step - 1) / (steps - 1));
    return floor + ((rate - floor) * (1 + Math.cos(Math.PI * done))) / 2;
  };
}

/**
 * Falls by the same factor at each step, towards the floor: floor + (rate - floor) factor^(step - 1), as Magenta's MusicVAE
 * does with a factor of 0.9999.
 *
 * @param options.factor above 0, at most 1
 * @param options.floor default 0
 * @throws KernelError `schedule` for a number outside its range
 */
export function exponentialDecay(rate: number, { factor, floor = 0 }: { factor: number; floor?: number }): Schedule {
  requireRange('exponentialDecay', 'rate', rate, 0, Number.MAX_VALUE);
  requireRange('exponentialDecay', 'floor', floor, 0, rate);
  requireRange('exponentialDecay', 'factor', factor, Number.MIN_VALUE, 1);
  return (step) => floor + (rate - floor) * factor ** (step - 1);
}

function requireRange(schedule: string, name: string, value: number, low: number, high: number): void {
  if (value >= low && value <= high) return;
  throw new KernelError('schedule', `${schedule}: ${name} must lie from ${low} to ${high}, got ${value}.`);
}

function requireSteps(schedule: string, steps: number, low: number): void {
  if (Number.isInteger(steps) && steps >= low) return;
  throw new KernelError('schedule', `${schedule}: steps must be a whole number from ${low} on, got ${steps}.`);
}
