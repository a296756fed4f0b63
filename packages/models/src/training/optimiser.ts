import {
  type Arena,
  adamArenas,
  adamSchedule,
  adamStep,
  constantRate,
  cosineDecay,
  exponentialDecay,
  type Schedule,
  type Tensor,
  warmUp,
} from '@chipsmith/kernels';
import { z } from 'zod';

/** How the learning rate moves after warming up. */
export const SCHEDULES = ['constant', 'cosine', 'exponential'] as const;

const rate = z.number().gt(0).max(1);
const scheduleSteps = z.int().min(0).max(1e9);

/**
 * What a model's settings say of its optimiser, with the defaults of its source.
 *
 * @param defaults `clipNorm`: global norm to which gradients are clipped
 */
export function optimiserSettings(defaults: { readonly learningRate: number; readonly clipNorm: number }) {
  return z
    .strictObject({
      learningRate: rate.default(defaults.learningRate).describe('learning rate of Adam, after warming up'),
      clipNorm: z
        .number()
        .min(1e-6)
        .max(1e6)
        .default(defaults.clipNorm)
        .describe('global norm to which gradients are clipped'),
      warmUp: scheduleSteps.default(0).describe('steps in which the learning rate rises to its value'),
      schedule: z.enum(SCHEDULES).default('constant').describe('how the learning rate falls after that'),
      decaySteps: scheduleSteps
        .min(2)
        .default(10_000)
        .describe('steps in which it falls: to the lowest by a cosine, to 37 % (1/e) exponentially'),
      lowestRate: z.number().min(0).max(1).default(0).describe('learning rate towards which it falls'),
    })
    .refine(({ learningRate, lowestRate }) => lowestRate <= learningRate, {
      path: ['lowestRate'],
      message: 'must not be above the learning rate',
    })
    .prefault({});
}

export type OptimiserSettings = z.infer<ReturnType<typeof optimiserSettings>>;

/** The learning rate of each step: a pure function of it, so that a resumed run goes on with the same ones. */
export function scheduleOf(settings: OptimiserSettings): Schedule {
  const { learningRate, warmUp: steps, schedule, decaySteps, lowestRate: floor } = settings;
  const falling = {
    constant: () => constantRate(learningRate),
    cosine: () => cosineDecay(learningRate, { steps: decaySteps, floor }),
    exponential: () => exponentialDecay(learningRate, { factor: Math.exp(-1 / decaySteps), floor }),
  }[schedule]();
  return steps === 0 ? falling : warmUp(steps, falling);
}

/** An optimiser and what it keeps beside the parameters, by the names that checkpoints use. */
export interface Optimiser {
  /** Kept from step to step. */
  readonly kept: Readonly<Record<string, Arena>>;
  readonly gradients: Arena;
  /** Appends a step. @returns an input for `valuesOf` each step, and the norm of the gradients before clipping */
  step(gradients: readonly Tensor[]): { readonly schedule: Tensor; readonly norm: Tensor };
  /** @param step counted from 1 */
  valuesOf(step: number): Float32Array<ArrayBuffer>;
}

export function optimiserOf(settings: OptimiserSettings, parameters: Arena): Optimiser {
  const arenas = adamArenas(parameters);
  const { gradients, firstMoment, secondMoment } = arenas;
  const rateAt = scheduleOf(settings);
  return {
    kept: { firstMoment, secondMoment },
    gradients,
    step: (derivatives) => adamStep(derivatives, arenas, { clipNorm: settings.clipNorm }),
    valuesOf: (step) => adamSchedule(step, rateAt(step)),
  };
}
