import { type Device, type PreparationOptions, Program } from '@chipsmith/kernels';
import { learningRates } from './optimiser.ts';
import { type PlanTrainingOptions, planTraining, requireHalf, type TrainingShape } from './pass.ts';
import { longestOf } from './settings.ts';
import { releaseTrainee, startingState, type Trainee, writeState } from './trainee.ts';

/** How fast a model trains on a device. */
export interface TrainingSpeed {
  /** Of one step, on average. */
  readonly secondsPerStep: number;
  /** Events of the batches, padding included. */
  readonly eventsPerSecond: number;
  /** Steps that were measured. */
  readonly steps: number;
}

export interface MeasureOptions extends PreparationOptions {
  /** For how long to train, at least one step; measuring and compiling kernels comes before. */
  readonly seconds: number;
  /** As `planTraining` takes it. */
  readonly recompute?: PlanTrainingOptions['recompute'];
}

/**
 * Steps between two looks at the clock, which wait for the device: as many as in training, but no more than take half a
 * second.
 */
const MAX_BETWEEN_LOOKS = 10;
const SECONDS_BETWEEN_LOOKS = 0.5;

/**
 * Trains a model on nothing for some seconds, with the longest of several lengths. How long a step takes does not depend
 * on what it learns.
 *
 * @throws ModelError if the shape is outside its limits
 * @throws KernelError from the device
 * @throws the signal's reason once it is aborted
 */
export async function measureTraining(
  device: Device,
  trainee: Trainee,
  shape: TrainingShape,
  { seconds, recompute, ...preparation }: MeasureOptions,
): Promise<TrainingSpeed> {
  requireHalf(device, shape.half);
  const length = longestOf(shape);
  const pass = planTraining(trainee, { ...shape, length }, { limits: device.limits, recompute });
  let program: Program | undefined;
  try {
    program = await Program.create(device, pass.plan, preparation);
    writeState(device, trainee, startingState(trainee, 1));
    const rateAt = learningRates(trainee.settings.optimiser);
    const positions = shape.batch * length;
    program.write(pass.weight, Float32Array.of(positions));
    let steps = 0;
    const run = async (count: number) => {
      for (let each = 0; each < count; each++) {
        steps++;
        program?.write(pass.schedule, trainee.optimiser.scheduleValues(steps, rateAt(steps)));
        program?.run();
      }
      await program?.history();
    };
    // The first step is slower.
    await run(1);
    const start = performance.now();
    let passed = 0;
    do {
      preparation.signal?.throwIfAborted();
      const fit = passed === 0 ? 1 : Math.floor((SECONDS_BETWEEN_LOOKS * (steps - 1)) / passed);
      await run(Math.min(MAX_BETWEEN_LOOKS, Math.max(1, fit)));
      passed = (performance.now() - start) / 1000;
    } while (passed < seconds);
    const secondsPerStep = passed / (steps - 1);
    return { secondsPerStep, eventsPerSecond: positions / secondsPerStep, steps: steps - 1 };
  } finally {
    program?.destroy();
    releaseTrainee(device, trainee);
  }
}
