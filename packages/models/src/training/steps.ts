import { type Device, type PreparationOptions, Program } from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import type { Batch } from '../examples.ts';
import type { TrainingPass } from './pass.ts';

/** What a step takes beside its batch. */
export interface StepInputs {
  /** u32 seed of a micro-batch. */
  seedOf(part: number): number;
  /** The optimiser's values of the step. */
  readonly schedule: Float32Array<ArrayBuffer>;
}

interface Step {
  readonly pass: TrainingPass;
  readonly program: Program;
}

/** Results of successive steps. */
export interface StepResults {
  /** (loss, gradient norm) of each step, in order. */
  readonly rows: readonly (readonly number[])[];
  /** Events of their batches, padding included. */
  readonly positions: number;
}

/** The steps of a training on a device: a program for each length of batches. */
export class TrainingSteps {
  readonly #steps: readonly Step[];
  /** Those that ran since results were last read, in order. */
  #pending: { readonly step: Step; readonly positions: number }[] = [];

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** @param passes as `planTrainings` gives them @throws as `Program.create` */
  static async create(
    device: Device,
    passes: readonly TrainingPass[],
    preparation: PreparationOptions,
  ): Promise<TrainingSteps> {
    const steps: Step[] = [];
    try {
      for (const pass of passes) steps.push({ pass, program: await Program.create(device, pass.plan, preparation) });
      return new TrainingSteps(steps);
    } catch (error) {
      for (const { program } of steps) program.destroy();
      throw error;
    }
  }

  /** Submits a step. Returns at once. @throws ModelError if there is no step of the batch's length */
  run({ length, lanes, fields, weight }: Batch, { seedOf, schedule }: StepInputs): void {
    const step = this.#steps.find(({ pass }) => pass.length === length);
    if (step === undefined) throw new ModelError(`Training: there is no program for a batch of length ${length}.`);
    const { pass, program } = step;
    for (const [name, values] of Object.entries(fields)) program.write(pass.fields[name], values);
    program.write(pass.weight, Float32Array.of(weight));
    for (const [part, input] of pass.seeds.entries()) program.write(input, Uint32Array.of(seedOf(part)));
    program.write(pass.schedule, schedule);
    program.run();
    this.#pending.push({ step, positions: lanes * length });
  }

  /** Results of the steps since the last call; waits for the device. A program remembers 256 runs: read before that. */
  async results(): Promise<StepResults> {
    const pending = this.#pending;
    this.#pending = [];
    const histories = new Map<Step, number[][]>();
    for (const { step } of pending) if (!histories.has(step)) histories.set(step, await step.program.history());
    return {
      rows: pending.flatMap(({ step }) => histories.get(step)?.splice(0, 1) ?? []),
      positions: pending.reduce((sum, { positions }) => sum + positions, 0),
    };
  }

  destroy(): void {
    for (const { program } of this.#steps) program.destroy();
  }
}
