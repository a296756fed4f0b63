import type { Device } from '@chipsmith/kernels';
import {
  type MeasureOptions,
  type ModelDefinition,
  measureTraining,
  type Trainee,
  type TrainingShape,
  type TrainingSpeed,
} from '@chipsmith/models';
import { clockTime } from '../clock-time.ts';
import { DEFAULT_STEPS } from './options.ts';

/** For how long steps are measured, in seconds: on two cores about twenty of the default model. */
const SECONDS = 2;

/** How fast a training is, and how long one of the usual length takes. */
export interface Outlook extends TrainingSpeed {
  /** Of a training of the usual number of steps, without what comes before the first. */
  readonly usualSteps: number;
  readonly usualSeconds: number;
}

/** Trains for two seconds after kernels are measured and compiled. @throws as `measureTraining` */
export async function measureOutlook(
  device: Device,
  trainee: Trainee,
  shape: TrainingShape,
  options: Omit<MeasureOptions, 'seconds'>,
): Promise<Outlook> {
  const speed = await measureTraining(device, trainee, shape, { seconds: SECONDS, ...options });
  return { ...speed, usualSteps: DEFAULT_STEPS, usualSeconds: DEFAULT_STEPS * speed.secondsPerStep };
}

export function outlookWords(
  { units }: Pick<ModelDefinition, 'units'>,
  { eventsPerSecond, usualSteps, usualSeconds }: Outlook,
): string {
  return `${Math.round(eventsPerSecond)} ${units}/s, so ${usualSteps} steps take about ${clockTime(usualSeconds)}`;
}
