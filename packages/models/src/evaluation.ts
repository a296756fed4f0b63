import type { Evaluation, EventSequence } from '@chipsmith/data';
import {
  crossEntropyRows,
  type Device,
  hits,
  type MemoryLimits,
  multiply,
  type Plan,
  type PreparationOptions,
  Program,
  plan,
  reshape,
  sum,
  type Tensor,
} from '@chipsmith/kernels';
import { type Checkpoint, withParameters } from './checkpoint/checkpoint.ts';
import { ModelError } from './error.ts';
import type { SequenceModel } from './model.ts';
import { type StatefulPass, statefulPass } from './stateful.ts';

/** Sequences side by side, and events of each in one run. Results do not depend on them. */
const LANES = 32;
const STEPS = 32;

/** Runs between two looks at the results: an abort and progress wait for at most these. A program remembers 256. */
const RUNS_BETWEEN_LOOKS = 8;

export interface EvaluateOptions {
  /** Called with the share of the events that are done, 0..1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Called before that, while kernels are measured and compiled. */
  readonly onPreparation?: PreparationOptions['onProgress'];
  readonly signal?: AbortSignal | undefined;
}

interface EvaluationPass extends StatefulPass {
  readonly targets: Tensor;
  readonly mask: Tensor;
  readonly plan: Plan;
}

/** The memory that evaluating a model takes, before anything is allocated. */
export function planEvaluation(model: SequenceModel, limits?: MemoryLimits): EvaluationPass {
  const pass = statefulPass(model, LANES, STEPS);
  const targets = pass.graph.input([STEPS * LANES], 'u32');
  const mask = pass.graph.input([STEPS * LANES]);
  const counted = (rows: Tensor) => reshape(sum(multiply(rows, mask)), []);
  const loss = counted(crossEntropyRows(pass.logits, targets));
  const correct = counted(hits(pass.logits, targets));
  const planned = plan(pass.graph, { history: [loss, correct], ...(limits && { limits }) });
  return { ...pass, targets, mask, plan: planned };
}

/**
 * Measures how well a model predicts sequences. Every event 1..L-1 of each sequence is predicted once, from all events before
 * it: sequences go through in pieces and the state is carried over, so that no event loses its history at a window's edge.
 */
export class Evaluator {
  readonly #program: Program;
  readonly #pass: EvaluationPass;
  readonly #device: Device;

  readonly #classes: number;

  private constructor(device: Device, program: Program, pass: EvaluationPass, classes: number) {
    this.#device = device;
    this.#program = program;
    this.#pass = pass;
    this.#classes = classes;
  }

  /** The model's parameters must be on the device when `evaluate` is called. */
  static async create(
    device: Device,
    model: SequenceModel,
    { limits = device.limits, ...preparation }: PreparationOptions & { readonly limits?: MemoryLimits } = {},
  ): Promise<Evaluator> {
    const pass = planEvaluation(model, limits);
    try {
      return new Evaluator(device, await Program.create(device, pass.plan, preparation), pass, model.classes);
    } catch (error) {
      device.release(pass.state);
      throw error;
    }
  }

  get plan(): Plan {
    return this.#pass.plan;
  }

  /**
   * @throws ModelError if no sequence has two events, or an event is not a class of the model
   * @throws the signal's reason once it is aborted
   */
  async evaluate(
    sequences: readonly EventSequence[],
    { onProgress, signal }: Omit<EvaluateOptions, 'onPreparation'> = {},
  ): Promise<Evaluation> {
    const tokens = sequences.reduce((total, { length }) => total + Math.max(0, length - 1), 0);
    if (tokens === 0) throw new ModelError('There is nothing to evaluate: no sequence of the split has two events.');
    const { ids, keep, targets, mask } = this.#pass;
    let loss = 0;
    let correct = 0;
    let done = 0;
    let pending = 0;
    const collect = async () => {
      // Sums of one run are f32; over runs they are added in float64.
      for (const [runLoss, runCorrect] of await this.#program.history()) {
        loss += runLoss;
        correct += runCorrect;
      }
      pending = 0;
      onProgress?.(done / tokens);
    };
    for (const piece of pieces(sequences, this.#classes)) {
      signal?.throwIfAborted();
      this.#program.write(ids, piece.inputs);
      this.#program.write(keep, piece.keep);
      this.#program.write(targets, piece.targets);
      this.#program.write(mask, piece.mask);
      this.#program.run();
      done += piece.count;
      pending++;
      if (pending === RUNS_BETWEEN_LOOKS) await collect();
    }
    await collect();
    const nll = loss / tokens;
    return { nll, perplexity: Math.exp(nll), accuracy: correct / tokens, tokens };
  }

  destroy(): void {
    this.#program.destroy();
    this.#device.release(this.#pass.state);
  }
}

/** Evaluates a checkpoint once; see `Evaluator.evaluate`. */
export function evaluateCheckpoint(
  device: Device,
  checkpoint: Checkpoint,
  sequences: readonly EventSequence[],
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  return withParameters(device, checkpoint, async () => {
    const { signal, onPreparation } = options;
    const evaluator = await Evaluator.create(device, checkpoint.model, { signal, onProgress: onPreparation });
    try {
      return await evaluator.evaluate(sequences, options);
    } finally {
      evaluator.destroy();
    }
  });
}

function requireClasses(events: Uint16Array, classes: number): Uint16Array {
  const stray = events.find((event) => event >= classes);
  if (stray === undefined) return events;
  throw new ModelError(`Event ${stray} is not a class of the model (0..${classes - 1}); use data in its encoding.`);
}

interface Piece {
  readonly inputs: Uint32Array<ArrayBuffer>;
  readonly keep: Float32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  readonly mask: Float32Array<ArrayBuffer>;
  /** Predicted events. */
  readonly count: number;
}

/** Lays sequences into lanes, the longest first so that the lanes end together, and cuts them into runs of STEPS events. */
function* pieces(sequences: readonly EventSequence[], classes: number): Generator<Piece> {
  const waiting = sequences.filter(({ length }) => length > 1).sort((a, b) => b.length - a.length);
  const lanes: { events: Uint16Array; at: number }[] = [];
  let next = 0;
  for (;;) {
    const size = STEPS * LANES;
    const inputs = new Uint32Array(size);
    const targets = new Uint32Array(size);
    const mask = new Float32Array(size);
    const keep = new Float32Array(LANES).fill(1);
    let count = 0;
    for (let lane = 0; lane < LANES; lane++) {
      if (lanes[lane] === undefined || lanes[lane].at >= lanes[lane].events.length - 1) {
        if (next >= waiting.length) continue;
        lanes[lane] = { events: requireClasses(waiting[next++].read(), classes), at: 0 };
        keep[lane] = 0;
      }
      const { events, at } = lanes[lane];
      const steps = Math.min(STEPS, events.length - 1 - at);
      for (let step = 0; step < steps; step++) {
        inputs[step * LANES + lane] = events[at + step];
        targets[step * LANES + lane] = events[at + step + 1];
        mask[step * LANES + lane] = 1;
      }
      lanes[lane].at += steps;
      count += steps;
    }
    if (count === 0) return;
    yield { inputs, keep, targets, mask, count };
  }
}
