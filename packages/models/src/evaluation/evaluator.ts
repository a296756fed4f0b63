import type { EventSequence } from '@chipsmith/data';
import {
  type Device,
  Graph,
  type MemoryLimits,
  type Plan,
  type PreparationOptions,
  Program,
  plan,
  type Tensor,
} from '@chipsmith/kernels';
import { type Checkpoint, withParameters } from '../checkpoint/checkpoint.ts';
import { type CarriedState, carriedState } from '../composing/stateful.ts';
import { ModelError } from '../error.ts';
import { fieldInputs } from '../examples.ts';
import type { Model } from '../model.ts';
import { longestOf } from '../training/settings.ts';
import { pieces } from './pieces.ts';

/** Sequences side by side. Results do not depend on it, nor on the next. */
const LANES = 32;
/** Units of each in one run, where the model carries what it knows from one to the next. */
const STEPS = 32;

/** Runs between two looks at the results: an abort and progress wait for at most these. A program remembers 256. */
const RUNS_BETWEEN_LOOKS = 8;

/** How well a model does on sequences. */
export interface ModelEvaluation {
  /** Mean objective, in the model's `lossUnit`. */
  readonly loss: number;
  /** Means of what else it measures, such as `accuracy`. */
  readonly measures: Readonly<Record<string, number>>;
  /** What the means are taken over: the weight of all examples, such as predicted events. */
  readonly weight: number;
}

export interface EvaluateOptions {
  /** Called with the share of the events that are done, 0..1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Called before that, while kernels are measured and compiled. */
  readonly onPreparation?: PreparationOptions['onProgress'];
  readonly signal?: AbortSignal | undefined;
}

interface EvaluationPass {
  readonly plan: Plan;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly carried: CarriedState;
  /** Names of the measures, in the order of the plan's history, after the objective. */
  readonly measures: readonly string[];
  /** Units of a window. */
  readonly length: number;
}

/**
 * The memory that evaluating a model takes, before anything is allocated.
 *
 * @param length units of a window where the model carries nothing from one to the next
 */
export function planEvaluation(model: Model, length: number, limits?: MemoryLimits): EvaluationPass {
  const graph = new Graph();
  const shapes = model.carriedShapes(LANES);
  const steps = shapes.length > 0 ? STEPS : length;
  const inputs = fieldInputs(graph, model.examples.fields, steps, LANES);
  const carried = carriedState(graph, LANES, shapes);
  const trace = model.trace(graph, inputs, { kind: 'evaluation', carried: carried.before });
  carried.store(trace.carried);
  const history = [trace.objective, ...Object.values(trace.measures)];
  const planned = plan(graph, { history, ...(limits && { limits }) });
  return { plan: planned, inputs, carried, measures: Object.keys(trace.measures), length: steps };
}

/**
 * Measures how well a model does on sequences. Each is seen once, window after window; what the model carries goes on,
 * so that no event loses its history at a window's edge.
 */
export class Evaluator {
  readonly #program: Program;
  readonly #pass: EvaluationPass;
  readonly #device: Device;
  readonly #model: Model;

  private constructor(device: Device, program: Program, pass: EvaluationPass, model: Model) {
    this.#device = device;
    this.#program = program;
    this.#pass = pass;
    this.#model = model;
  }

  /**
   * The model's parameters must be on the device when `evaluate` is called.
   *
   * @param length as `planEvaluation` takes it
   */
  static async create(
    device: Device,
    model: Model,
    length: number,
    { limits = device.limits, ...preparation }: PreparationOptions & { readonly limits?: MemoryLimits } = {},
  ): Promise<Evaluator> {
    const pass = planEvaluation(model, length, limits);
    try {
      return new Evaluator(device, await Program.create(device, pass.plan, preparation), pass, model);
    } catch (error) {
      device.release(pass.carried.arena);
      throw error;
    }
  }

  get plan(): Plan {
    return this.#pass.plan;
  }

  /**
   * @throws ModelError if no sequence has anything to predict, or an event is not one of the model's encoding
   * @throws the signal's reason once it is aborted
   */
  async evaluate(
    sequences: readonly EventSequence[],
    { onProgress, signal }: Omit<EvaluateOptions, 'onPreparation'> = {},
  ): Promise<ModelEvaluation> {
    const { inputs, carried, measures, length } = this.#pass;
    const { examples } = this.#model;
    const units = sequences.reduce((total, sequence) => total + examples.cutting.unitsOf(sequence), 0);
    if (units === 0) throw new ModelError('There is nothing to evaluate: the sequences of the split are too short.');
    const totals = new Float64Array(1 + measures.length);
    let [weight, done, pending] = [0, 0, 0];
    const collect = async () => {
      // Sums of one run are f32; over runs they are added in float64.
      for (const row of await this.#program.history()) {
        for (const [index, value] of row.entries()) totals[index] += value;
      }
      pending = 0;
      onProgress?.(done / units);
    };
    const shape = { lanes: LANES, length, carries: this.#model.carriedShapes(1).length > 0 };
    for (const piece of pieces(sequences, examples, shape)) {
      signal?.throwIfAborted();
      for (const [name, values] of Object.entries(piece.batch.fields)) this.#program.write(inputs[name], values);
      if (shape.carries) this.#program.write(carried.keep, piece.keep);
      this.#program.run();
      weight += piece.batch.weight;
      done += piece.units;
      pending++;
      if (pending === RUNS_BETWEEN_LOOKS) await collect();
    }
    if (pending > 0) await collect();
    const [loss, ...others] = Array.from(totals, (total) => total / weight);
    return { loss, measures: Object.fromEntries(measures.map((name, index) => [name, others[index]])), weight };
  }

  destroy(): void {
    this.#program.destroy();
    this.#device.release(this.#pass.carried.arena);
  }
}

/** Evaluates a checkpoint once; see `Evaluator.evaluate`. */
export function evaluateCheckpoint(
  device: Device,
  checkpoint: Checkpoint,
  sequences: readonly EventSequence[],
  options: EvaluateOptions = {},
): Promise<ModelEvaluation> {
  return withParameters(device, checkpoint, async () => {
    const { signal, onPreparation } = options;
    const { model, metadata } = checkpoint;
    const preparation = { signal, onProgress: onPreparation };
    const evaluator = await Evaluator.create(device, model, longestOf(metadata.training), preparation);
    try {
      return await evaluator.evaluate(sequences, options);
    } finally {
      evaluator.destroy();
    }
  });
}
