import { type Arena, type Optimiser, optimiser, type Schedule, scheduleOf } from '@chipsmith/kernels';
import { z } from 'zod';

/** How the learning rate moves after warming up. */
export const SCHEDULES = ['constant', 'cosine', 'linear', 'exponential'] as const;

const rate = z.number().gt(0).max(1);
const steps = z.int().min(0).max(1e9);

/**
 * What a model's settings say of its optimiser, with the defaults of its source.
 *
 * @param defaults `clipNorm`: global norm to which gradients are clipped; not at all if left out
 */
export function optimiserSettings({
  algorithm = 'adam',
  learningRate,
  clipNorm = MAX_NORM,
}: {
  readonly algorithm?: 'adam' | 'rmsprop' | 'sgd';
  readonly learningRate: number;
  readonly clipNorm?: number;
}) {
  return z
    .strictObject({
      algorithm: z.enum(['adam', 'rmsprop', 'sgd']).default(algorithm).describe('how gradients move parameters'),
      learningRate: rate.default(learningRate).describe('learning rate, after warming up'),
      clipNorm: z
        .number()
        .min(1e-6)
        .max(MAX_NORM)
        .default(clipNorm)
        .describe('global norm to which gradients are clipped'),
      warmUp: steps.default(0).describe('steps in which the learning rate rises to its value'),
      schedule: z.enum(SCHEDULES).default('constant').describe('how the learning rate falls after that'),
      decaySteps: steps
        .min(2)
        .default(10_000)
        .describe('steps in which it falls: to the lowest, or exponentially by 63 % of the way'),
      lowestRate: z.number().min(0).max(1).default(0).describe('learning rate towards which it falls'),
      average: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe('make music with a moving average of the parameters that keeps this share a step, such as 0.999'),
    })
    .refine(({ learningRate, lowestRate }) => lowestRate <= learningRate, {
      path: ['lowestRate'],
      message: 'must not be above the learning rate',
    })
    .prefault({});
}

/** Gradients of this norm are broken anyway. */
const MAX_NORM = 1e6;

export type OptimiserSettings = z.infer<ReturnType<typeof optimiserSettings>>;

/** The learning rate of each step: a pure function of it, so that a resumed run goes on with the same ones. */
export function learningRates(settings: OptimiserSettings): Schedule {
  const { learningRate, warmUp, schedule, decaySteps, lowestRate: floor } = settings;
  const falling = {
    constant: { kind: 'constant' },
    cosine: { kind: 'cosine', steps: decaySteps, floor },
    linear: { kind: 'linear', steps: decaySteps, floor },
    exponential: { kind: 'exponential', factor: Math.exp(-1 / decaySteps), floor },
  } as const;
  return scheduleOf({ ...falling[schedule], warmUp }, learningRate);
}

/** The optimiser of a model's parameters. */
export function optimiserOf({ algorithm, average }: OptimiserSettings, parameters: Arena): Optimiser {
  return optimiser({ kind: algorithm, ...(average > 0 && { averageDecay: average }) }, parameters);
}
