import { deriveSeed, type EventSequence } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type ArenaValues, readArena, writeArena } from '../checkpoint/arena-values.ts';
import type { Checkpoint, CheckpointMetadata } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import type { Evaluator, ModelEvaluation } from '../evaluation/evaluator.ts';
import { letThrough } from '../let-through.ts';
import type { BatchSource } from './batches.ts';
import { learningRates } from './optimiser.ts';
import { compositionsWithin, type PreviewOptions } from './preview.ts';
import type { RunStore } from './run-store.ts';
import { MAX_STEPS } from './settings.ts';
import type { TrainingSteps } from './steps.ts';
import { TimeBound } from './time-bound.ts';
import { keptArenas, type Trainee } from './trainee.ts';

/** When the loop looks up from its work, and when it ends. */
export interface LoopOptions {
  /** Steps of the whole run, those before a resume included; no bound if left out. */
  readonly steps?: number | undefined;
  /**
   * Time from the first step of this call to the last checkpoint: opening, measuring and compiling come before it. With
   * `steps`, whichever comes first. No bound if left out; one of the two there must be.
   */
  readonly minutes?: number | undefined;
  /** Steps between validations, each of which also saves a checkpoint. */
  readonly validateEvery: number;
  /** Validations in a row without a better loss after which training stops; 0 never stops early. */
  readonly patience: number;
  /** Music that the model makes while it is trained; none if left out, or if the model cannot sample. */
  readonly preview?: PreviewOptions | undefined;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /**
   * Aborting saves a checkpoint and ends training without an error; before it starts, nothing is written and the reason
   * thrown.
   */
  readonly signal?: AbortSignal | undefined;
}

export interface TrainingProgress {
  readonly step: number;
  /** Of the whole run; undefined where only time bounds it. */
  readonly steps: number | undefined;
  /** Share of the run's steps or of this call's time that is done, whichever is more, 0..1. */
  readonly share: number;
  /** Mean training loss of the last steps, in the model's `lossUnit`. */
  readonly loss: number;
  readonly tokensPerSecond: number;
  /** Share of the time, 0..1, in which training waited for data. */
  readonly waited: number;
  readonly secondsLeft: number;
  /** The last validation of this run, if there was one. */
  readonly valid: { readonly step: number; readonly loss: number } | undefined;
}

export interface TrainingResult {
  readonly step: number;
  readonly reason: 'finished' | 'time' | 'no improvement' | 'interrupted';
  /** Lowest validation loss and its step; null if there was no validation. */
  readonly best: { readonly step: number; readonly loss: number } | null;
  /** What the first of the model's baselines reaches on the same validation data; null where there is none. */
  readonly baseline: number | null;
  /** The other run's checkpoint that training started from, and the validation loss that it came with. */
  readonly from?: CheckpointMetadata['training']['from'];
}

/** What a training runs on: everything is on the device, and the run is there. */
export interface LoopParts {
  readonly device: Device;
  readonly store: RunStore;
  readonly batches: BatchSource;
  readonly trainee: Trainee;
  readonly validation: readonly EventSequence[];
  readonly steps: TrainingSteps;
  /** Undefined where there is nothing to validate with. */
  readonly evaluator: Evaluator | undefined;
}

/** Steps between two lines of metrics. Reading losses back waits for the device, so not after every step. */
const LOG_EVERY = 10;

/** Step after step, from where a checkpoint stands to the last one. */
export class TrainingLoop {
  readonly #options: LoopOptions;
  readonly #parts: LoopParts;
  readonly #begun: Checkpoint;
  readonly #rateAt: (step: number) => number;
  #metadata: CheckpointMetadata;
  #valid: TrainingProgress['valid'];
  #clock = performance.now();
  #bound = new TimeBound(undefined);
  /** The last step whose loss was read back. */
  #reported: number;
  /** What the loader had taken at that time, in seconds. */
  #waitedBefore = 0;

  /** @param begun what training goes on from */
  constructor(options: LoopOptions, begun: Checkpoint, parts: LoopParts) {
    this.#options = options;
    this.#parts = parts;
    this.#begun = begun;
    this.#rateAt = learningRates(begun.settings.optimiser);
    this.#metadata = begun.metadata;
    this.#reported = begun.metadata.training.step;
  }

  async run(): Promise<TrainingResult> {
    const { steps = MAX_STEPS, minutes, signal, validateEvery } = this.#options;
    this.#bound = new TimeBound(minutes);
    await this.#validateStart();
    // A process that was killed may have saved its last checkpoint and not have ended.
    if (this.#outOfPatience()) return this.#result('no improvement');
    this.#clock = performance.now();
    for (let step = this.#training.step + 1; step <= steps; step++) {
      if (signal?.aborted) return this.#interrupted();
      await this.#launch(step);
      const queued = step - this.#reported;
      const isOver = this.#bound.isOver(queued);
      // How long one step took must be known for sure before it ends.
      const isLast = isOver && queued === 1;
      const isValidated = step % validateEvery === 0 || step === steps || isLast || this.#bound.isFirstValidationDue;
      if (isValidated) await this.#validate();
      else if (step % LOG_EVERY === 0 || isOver || this.#bound.isLookDue(this.#secondsSinceLook)) {
        await this.#report('losses');
      }
      await this.#preview(step);
      if (isValidated) {
        if (this.#outOfPatience()) return this.#result('no improvement');
        // The validation may have taken longer than any before.
        if (step < steps && (isLast || this.#bound.isOver(0))) return this.#result('time');
      }
      // On a software adapter a submit returns only when the work is done.
      await letThrough();
    }
    return this.#result('finished');
  }

  get #training(): CheckpointMetadata['training'] {
    return this.#metadata.training;
  }

  #update(training: Partial<CheckpointMetadata['training']>): void {
    this.#metadata = { ...this.#metadata, training: { ...this.#training, ...training } };
  }

  get #secondsSinceLook(): number {
    return (performance.now() - this.#clock) / 1000;
  }

  /** @param step counted from 1 */
  async #launch(step: number): Promise<void> {
    const { batches, steps, trainee } = this.#parts;
    steps.run(await batches.next(), {
      seedOf: (part) => deriveSeed(this.#training.seed, step, ...(part === 0 ? [] : [part])),
      schedule: trainee.optimiser.scheduleValues(step, this.#rateAt(step)),
    });
    this.#update({ step });
  }

  /** @throws ModelError if a loss is no longer a number: the parameters are worthless then, and must not be saved */
  #requireNumbers(losses: readonly number[]): void {
    if (losses.every(Number.isFinite)) return;
    throw new ModelError(
      `${this.#parts.store.place}: the loss is no longer a number at step ${this.#training.step}; the last checkpoint is kept. Start a new run with a lower learning rate; CHIPSMITH_DEBUG=nan names the operation that fails first.`,
    );
  }

  /**
   * Logs and reports the results of the steps since the last report.
   *
   * @throws ModelError if a loss is no longer a number
   */
  async #report(look: 'losses' | 'validation'): Promise<ModelEvaluation | undefined> {
    const { store, batches, steps: programs, evaluator, validation } = this.#parts;
    const { step } = this.#training;
    const { rows, positions } = await programs.results();
    if (rows.length === 0) return undefined;
    const seconds = Math.max(1e-6, this.#secondsSinceLook);
    const stepSeconds = seconds / rows.length;
    this.#bound.tookSteps(stepSeconds);
    this.#reported = step;
    const tokensPerSecond = positions / seconds;
    const waited = (batches.secondsWaited - this.#waitedBefore) / seconds;
    this.#waitedBefore = batches.secondsWaited;
    const evaluation =
      look === 'validation' ? await this.#withAverage(async () => await evaluator?.evaluate(validation)) : undefined;
    this.#clock = performance.now();
    this.#requireNumbers([...rows.flat(), evaluation?.loss ?? 0]);
    const loss = rows.reduce((total, [value]) => total + value, 0) / rows.length;
    const gradientNorm = rows[rows.length - 1][1];
    const learningRate = this.#rateAt(step);
    const valid = evaluation && { valid: { loss: evaluation.loss, ...evaluation.measures } };
    await store.log({ step, time: Date.now(), loss, gradientNorm, learningRate, tokensPerSecond, waited, ...valid });
    if (evaluation !== undefined) this.#valid = { step, loss: evaluation.loss };
    const { steps, onProgress } = this.#options;
    const bySteps =
      steps === undefined
        ? { secondsLeft: Number.POSITIVE_INFINITY, share: 0 }
        : { secondsLeft: (steps - step) * stepSeconds, share: step / steps };
    const secondsLeft = Math.min(bySteps.secondsLeft, this.#bound.secondsLeft);
    const share = Math.max(bySteps.share, this.#bound.share);
    onProgress?.({ step, steps, share, loss, tokensPerSecond, waited, secondsLeft, valid: this.#valid });
    return evaluation;
  }

  /** Music is made with the moving average of the parameters, where there is one: it is judged by that. */
  async #withAverage<Result>(work: () => Promise<Result>): Promise<Result> {
    const { device, trainee } = this.#parts;
    const { parameters, average } = trainee.optimiser.arenas;
    if (average === undefined) return await work();
    const own = await readArena(device, parameters);
    writeArena(device, parameters, await readArena(device, average));
    try {
      return await work();
    } finally {
      writeArena(device, parameters, own);
    }
  }

  /** Without a valid split every checkpoint counts as the best. */
  async #validate(): Promise<void> {
    await this.#timeValidation(async () => {
      const evaluation = await this.#report('validation');
      const { step, best } = this.#training;
      const improved = evaluation === undefined || best === null || evaluation.loss < best.loss;
      if (improved && evaluation !== undefined) this.#update({ best: { step, loss: evaluation.loss } });
      await this.#save(improved);
    });
  }

  /**
   * A run that starts from another one's checkpoint is judged before its first step: that is the best so far, which
   * fine-tuning has to be better than.
   */
  async #validateStart(): Promise<void> {
    const { evaluator, validation } = this.#parts;
    const { from, step, best } = this.#training;
    if (from === undefined || step > 0 || best !== null || evaluator === undefined) return;
    await this.#timeValidation(async () => {
      const { loss } = await evaluator.evaluate(validation);
      this.#requireNumbers([loss]);
      this.#valid = { step, loss };
      this.#update({ best: { step, loss }, from: { ...from, loss } });
      await this.#save(true);
    });
  }

  async #timeValidation(work: () => Promise<void>): Promise<void> {
    const start = performance.now();
    await work();
    this.#clock = performance.now();
    this.#bound.tookValidation((this.#clock - start) / 1000);
  }

  /**
   * Makes music where it is time to, in memory and time that training leaves; what training computes never depends on
   * it.
   */
  async #preview(step: number): Promise<void> {
    const { preview, signal } = this.#options;
    const { device, trainee } = this.#parts;
    const { model } = trainee;
    if (preview === undefined || step % preview.every !== 0 || model.composers.sample === undefined) return;
    // A loss that is no longer a number is to be told as such, and steps are not to be charged for this.
    await this.#report('losses');
    const { budget, seed } = this.#training;
    const room = { bytes: budget ?? Number.POSITIVE_INFINITY, seconds: this.#bound.secondsToSpare, signal };
    const metadata = this.#metadata;
    const made = await this.#withAverage(() =>
      compositionsWithin(device, { model, metadata }, { ...preview, seed, ...room }),
    );
    const { beatsPerMinute } = metadata;
    if (made !== undefined) await preview.onPreview({ step, beatsPerMinute, ...made });
    this.#clock = performance.now();
  }

  #outOfPatience(): boolean {
    const { patience, validateEvery } = this.#options;
    const { step, best } = this.#training;
    return patience > 0 && best !== null && step - best.step >= patience * validateEvery;
  }

  async #interrupted(): Promise<TrainingResult> {
    await this.#report('losses');
    await this.#save(this.#training.best === null);
    return this.#result('interrupted');
  }

  #result(reason: TrainingResult['reason']): TrainingResult {
    const { step, best, baseline, from } = this.#training;
    return { step, reason, best, baseline, ...(from && { from }) };
  }

  /** `latest` comes last: a process killed in between resumes before `best` and makes it again. */
  async #save(isBest: boolean): Promise<void> {
    const { device, store, trainee } = this.#parts;
    const state: Record<string, ArenaValues> = {};
    for (const [section, arena] of Object.entries(keptArenas(trainee))) state[section] = await readArena(device, arena);
    const checkpoint = { ...this.#begun, metadata: this.#metadata, state };
    await store.save(isBest ? ['best', 'latest'] : ['latest'], checkpoint);
  }
}
