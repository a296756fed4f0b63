import { KernelError } from '../../errors.ts';
import {
  constantRate,
  cosineDecay,
  exponentialDecay,
  inverseSquareRoot,
  linearDecay,
  type OneCycleOptions,
  oneCycle,
  type Schedule,
  warmUp,
} from './schedules.ts';

/** Steps before the schedule's own in which the rate rises: see `warmUp`. */
interface WarmUp {
  readonly warmUp?: number | undefined;
}

/** A schedule as plain JSON: the name of its function, and the settings of that. */
export type ScheduleDescription =
  | ({ readonly kind: 'constant' } & WarmUp)
  | ({ readonly kind: 'cosine' | 'linear'; readonly steps: number; readonly floor?: number | undefined } & WarmUp)
  | ({ readonly kind: 'exponential'; readonly factor: number; readonly floor?: number | undefined } & WarmUp)
  /** Here the warm-up is a part of the schedule itself. */
  | { readonly kind: 'inverseSquareRoot'; readonly warmUp: number }
  /** Rises by itself. */
  | ({ readonly kind: 'oneCycle' } & OneCycleOptions);

/** Settings of each kind besides its name. */
const SETTINGS: Readonly<Record<ScheduleDescription['kind'], readonly string[]>> = {
  constant: ['warmUp'],
  cosine: ['steps', 'floor', 'warmUp'],
  linear: ['steps', 'floor', 'warmUp'],
  exponential: ['factor', 'floor', 'warmUp'],
  inverseSquareRoot: ['warmUp'],
  oneCycle: ['steps', 'pctStart', 'divFactor', 'finalDivFactor'],
};

/**
 * The schedule of a description, such as `{ kind: 'cosine', steps: 900, warmUp: 100 }`, which rises for 100 steps and
 * falls for 900.
 *
 * @param rate its highest learning rate
 * @throws KernelError `schedule` for an unknown kind or setting, or a number outside its range
 */
export function scheduleOf(description: ScheduleDescription, rate: number): Schedule {
  requireKnown(description);
  if (description.kind === 'inverseSquareRoot') return inverseSquareRoot(rate, description);
  if (description.kind === 'oneCycle') return oneCycle(rate, description);
  return warmUp(description.warmUp ?? 0, afterWarmUp(description, rate));
}

function afterWarmUp(
  description: Exclude<ScheduleDescription, { readonly kind: 'inverseSquareRoot' | 'oneCycle' }>,
  rate: number,
): Schedule {
  switch (description.kind) {
    case 'constant':
      return constantRate(rate);
    case 'cosine':
      return cosineDecay(rate, description);
    case 'linear':
      return linearDecay(rate, description);
    case 'exponential':
      return exponentialDecay(rate, description);
  }
}

/** For descriptions that were read from a file. @throws KernelError `schedule` */
function requireKnown(description: ScheduleDescription): void {
  const { kind, ...settings } = description;
  if (!Object.hasOwn(SETTINGS, kind)) {
    const kinds = Object.keys(SETTINGS).join(', ');
    throw new KernelError('schedule', `scheduleOf: kind must be one of ${kinds}, got ${kind}.`);
  }
  const unknown = Object.keys(settings).find((name) => !SETTINGS[kind].includes(name));
  if (unknown === undefined) return;
  const known = SETTINGS[kind].join(', ');
  throw new KernelError('schedule', `scheduleOf: ${kind} has no setting ${unknown}; it has ${known}.`);
}
