/**
 * Learning rates as functions of the step: pure, so that a resumed run has the rates of an uninterrupted one. Steps
 * count from 1, as in `adamSchedule`.
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
 * Rises in equal parts to the full rate over the first steps (Goyal et al., arXiv 1706.02677), and goes on with the
 * schedule from its own first step: step / (steps + 1) of its first rate at steps 1 .. steps, then schedule(step -
 * steps).
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
export function cosineDecay(
  rate: number,
  { steps, floor = 0 }: { steps: number; floor?: number | undefined },
): Schedule {
  requireRange('cosineDecay', 'rate', rate, 0, Number.MAX_VALUE);
  requireRange('cosineDecay', 'floor', floor, 0, rate);
  requireSteps('cosineDecay', steps, 2);
  return (step) => alongCosine(rate, floor, (step - 1) / (steps - 1));
}

/** From one rate to another along half a cosine, of which a share is done. */
function alongCosine(from: number, to: number, done: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * Math.min(1, done)))) / 2;
}

/**
 * Falls in equal parts from the rate at step 1 to the floor at the last step, where it stays.
 *
 * @param options.steps number of steps, from 2 on
 * @param options.floor default 0
 * @throws KernelError `schedule` for a number outside its range
 */
export function linearDecay(
  rate: number,
  { steps, floor = 0 }: { steps: number; floor?: number | undefined },
): Schedule {
  requireRange('linearDecay', 'rate', rate, 0, Number.MAX_VALUE);
  requireRange('linearDecay', 'floor', floor, 0, rate);
  requireSteps('linearDecay', steps, 2);
  return (step) => floor + (rate - floor) * Math.max(0, (steps - step) / (steps - 1));
}

/**
 * The Transformer's (Vaswani et al., arXiv 1706.03762, equation 3), with its peak given: rises in equal parts to the
 * rate at the last step of the warm-up, then falls by the root of the step: rate min(step / warmUp, sqrt(warmUp /
 * step)).
 *
 * @param options.warmUp number of steps, from 1 on; 4,000 in the paper
 * @throws KernelError `schedule` for a number outside its range
 */
export function inverseSquareRoot(rate: number, { warmUp }: { warmUp: number }): Schedule {
  requireRange('inverseSquareRoot', 'rate', rate, 0, Number.MAX_VALUE);
  requireSteps('inverseSquareRoot', warmUp, 1, 'warmUp');
  return (step) => rate * Math.min(step / warmUp, Math.sqrt(warmUp / step));
}

/** Settings of `oneCycle`, named as in PyTorch's OneCycleLR. */
export interface OneCycleOptions {
  /** Number of steps, from 2 on. */
  readonly steps: number;
  /** Share of the steps in which the rate rises, above 0 and below 1; default 0.3. */
  readonly pctStart?: number | undefined;
  /** The rate over that at step 1, from 1 on; default 25. */
  readonly divFactor?: number | undefined;
  /** The rate at step 1 over that at the last one, from 1 on; default 10,000. */
  readonly finalDivFactor?: number | undefined;
}

/**
 * One cycle (Smith and Topin, arXiv 1708.07120) as fastai and PyTorch have it: half a cosine up from rate / divFactor
 * at step 1 to the rate, then another one down to rate / divFactor / finalDivFactor at the last step, where it stays.
 *
 * @throws KernelError `schedule` for a number outside its range
 */
export function oneCycle(rate: number, options: OneCycleOptions): Schedule {
  const { steps, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options;
  requireRange('oneCycle', 'rate', rate, 0, Number.MAX_VALUE);
  requireSteps('oneCycle', steps, 2);
  requireRange('oneCycle', 'pctStart', pctStart, Number.MIN_VALUE, 1 - Number.EPSILON);
  requireRange('oneCycle', 'divFactor', divFactor, 1, Number.MAX_VALUE);
  requireRange('oneCycle', 'finalDivFactor', finalDivFactor, 1, Number.MAX_VALUE);
  const first = rate / divFactor;
  // Steps before the peak, which need not be whole.
  const rise = Math.max(0, pctStart * steps - 1);
  return (step) => {
    const before = step - 1;
    if (before < rise) return alongCosine(first, rate, before / rise);
    return alongCosine(rate, first / finalDivFactor, (before - rise) / (steps - 1 - rise));
  };
}

/**
 * Falls by the same factor at each step, towards the floor: floor + (rate - floor) factor^(step - 1), as Magenta's
 * MusicVAE does with a factor of 0.9999.
 *
 * @param options.factor above 0, at most 1
 * @param options.floor default 0
 * @throws KernelError `schedule` for a number outside its range
 */
export function exponentialDecay(
  rate: number,
  { factor, floor = 0 }: { factor: number; floor?: number | undefined },
): Schedule {
  requireRange('exponentialDecay', 'rate', rate, 0, Number.MAX_VALUE);
  requireRange('exponentialDecay', 'floor', floor, 0, rate);
  requireRange('exponentialDecay', 'factor', factor, Number.MIN_VALUE, 1);
  return (step) => floor + (rate - floor) * factor ** (step - 1);
}

function requireRange(schedule: string, name: string, value: number, low: number, high: number): void {
  if (typeof value === 'number' && value >= low && value <= high) return;
  // What was read from a file may be text, which would look like the number that it is not.
  const got = typeof value === 'number' ? value : JSON.stringify(value);
  throw new KernelError('schedule', `${schedule}: ${name} must lie from ${low} to ${high}, got ${got}.`);
}

function requireSteps(schedule: string, steps: number, low: number, name = 'steps'): void {
  if (Number.isInteger(steps) && steps >= low) return;
  throw new KernelError('schedule', `${schedule}: ${name} must be a whole number from ${low} on, got ${steps}.`);
}
