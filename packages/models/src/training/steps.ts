import { type Device, type PreparationOptions, Program } from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import type { Batch } from '../examples.ts';
import type { TrainingPass } from './pass.ts';

/** What a step gets beside its batch. */
export interface StepInputs {
  /** u32, of a part of the batch. */
  seedOf(part: number): number;
  /** For the optimiser. */
  readonly schedule: Float32Array<ArrayBuffer>;
}

interface Step {
  readonly pass: TrainingPass;
  readonly program: Program;
}

/** What some steps gave. */
export interface StepResults {
  /** (loss, gradient norm) of each step, the first one first. */
  readonly rows: readonly (readonly number[])[];
  /** Events of their batches, padding included. */
  readonly positions: number;
}

/** The steps of a training on a device: a program for each length of batches. */
export class TrainingSteps {
  readonly #steps: readonly Step[];
  /** What was run since results were read last. */
  #run: { readonly step: Step; readonly positions: number }[] = [];

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
    this.#run.push({ step, positions: lanes * length });
  }

  /** What the steps since the last call gave; waits for the device. A program remembers 256. */
  async results(): Promise<StepResults> {
    const run = this.#run;
    this.#run = [];
    const rows = new Map<Step, number[][]>();
    for (const step of new Set(run.map((one) => one.step))) rows.set(step, await step.program.history());
    return {
      rows: run.flatMap(({ step }) => rows.get(step)?.splice(0, 1) ?? []),
      positions: run.reduce((sum, { positions }) => sum + positions, 0),
    };
  }

  destroy(): void {
    for (const { program } of this.#steps) program.destroy();
  }
}
