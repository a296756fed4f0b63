import { BatchSampler, type Dataset, Random } from '@chipsmith/data';
import { adamSchedule, type BytesByCategory, type Device, Program, totalMemory } from '@chipsmith/kernels';
import type { Checkpoint, CheckpointMetadata } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import { Evaluator, planEvaluation } from '../evaluation.ts';
import type { ModelConfiguration, ModelDefinition, SequenceModel } from '../model.ts';
import { planTraining, type TrainingPass, type TrainingShape } from './pass.ts';
import { RunFolder } from './run-folder.ts';

export interface TrainOptions extends TrainingShape {
  readonly device: Device;
  readonly definition: ModelDefinition;
  readonly configuration: ModelConfiguration;
  readonly dataset: Dataset;
  /** Where the dataset can be found again; written to config.json. */
  readonly dataPlace: string;
  /** Run folder. */
  readonly folder: string;
  /** Goes on from the folder's latest checkpoint; model, shape and seed are then those of the run. */
  readonly resume: boolean;
  /** Steps of the whole run, those before a resume included. */
  readonly steps: number;
  readonly seed: number;
  /** Steps between validations, each of which also saves a checkpoint. */
  readonly validateEvery: number;
  /** Events of the valid split that a validation looks at. */
  readonly validTokens: number;
  /** Validations in a row without a better loss after which training stops; 0 never stops early. */
  readonly patience: number;
  readonly onStart?: (start: TrainingStart) => void;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Aborting saves a checkpoint and ends training without an error. */
  readonly signal?: AbortSignal;
}

export interface TrainingStart {
  readonly parameters: number;
  /** Steps done before, by the run that is resumed. */
  readonly step: number;
  /** Bytes by category: of the plan, and counted on the device once everything is allocated. */
  readonly predicted: BytesByCategory;
  readonly measured: BytesByCategory;
}

export interface TrainingProgress {
  readonly step: number;
  readonly steps: number;
  /** Mean training loss of the last steps, in nats an event. */
  readonly loss: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
  /** The last validation of this run, if there was one. */
  readonly valid: { readonly step: number; readonly nll: number } | undefined;
}

export interface TrainingResult {
  readonly step: number;
  readonly reason: 'finished' | 'no improvement' | 'interrupted';
  /** Lowest validation loss and its step; null if there was no validation. */
  readonly best: { readonly step: number; readonly nll: number } | null;
}

/** Steps between two lines of metrics. Reading losses back waits for the device, so not after every step. */
const LOG_EVERY = 10;

/**
 * Trains a sequence model to predict the next event.
 *
 * What a step sees (windows, dropout, learning rate) is a pure function of seed and step, and a checkpoint holds parameters
 * and both moments: a run that is cut off and resumed has bit for bit the parameters of one that was not.
 *
 * @throws ModelError if the folder, its checkpoint or the dataset does not fit, or the loss is no longer a number
 * @throws KernelError from the device
 */
export async function train(options: TrainOptions): Promise<TrainingResult> {
  const { device, dataset } = options;
  const folder = new RunFolder(options.folder);
  const start = options.resume ? await resumed(folder, dataset) : await fresh(folder, options);
  const { model, metadata, state } = start;
  const { batch, length, seed } = metadata.training;
  if (metadata.training.step >= options.steps) {
    throw new ModelError(`${folder.path}: has ${metadata.training.step} steps already; ask for more with --steps.`);
  }

  const sampler = new BatchSampler(eventsOf(dataset, 'train'), { batch, length, seed });
  const validation = subset(eventsOf(dataset, 'valid'), options.validTokens, seed);
  const pass = planTraining(model, { batch, length }, device.limits);
  const arenas = [model.parameters, pass.firstMoment, pass.secondMoment];
  const program = await Program.create(device, pass.plan);
  const evaluator = validation.length > 0 ? await Evaluator.create(device, model) : undefined;
  try {
    for (const [index, values] of [state.parameters, state.firstMoment, state.secondMoment].entries()) {
      for (const [slot, data] of values.entries()) device.write(arenas[index].slots[slot], data);
    }
    const plans = [pass.plan, ...(evaluator === undefined ? [] : [planEvaluation(model, device.limits).plan])];
    options.onStart?.({
      parameters: model.parameterCount,
      step: metadata.training.step,
      predicted: totalMemory(plans),
      measured: device.allocated,
    });
    const loop = new TrainingLoop(options, folder, start, { sampler, validation, pass, program, evaluator });
    return await loop.run();
  } finally {
    program.destroy();
    evaluator?.destroy();
    for (const arena of [...arenas, pass.gradients]) device.release(arena);
  }
}

interface LoopParts {
  readonly sampler: BatchSampler;
  readonly validation: readonly ArrayLike<number>[];
  readonly pass: TrainingPass;
  readonly program: Program;
  readonly evaluator: Evaluator | undefined;
}

class TrainingLoop {
  readonly #options: TrainOptions;
  readonly #folder: RunFolder;
  readonly #model: SequenceModel;
  readonly #parts: LoopParts;
  #metadata: CheckpointMetadata;
  #valid: { step: number; nll: number } | undefined;

  constructor(options: TrainOptions, folder: RunFolder, start: Checkpoint, parts: LoopParts) {
    this.#options = options;
    this.#folder = folder;
    this.#model = start.model;
    this.#metadata = start.metadata;
    this.#parts = parts;
  }

  async run(): Promise<TrainingResult> {
    const { steps, signal, validateEvery } = this.#options;
    const clock = new Clock();
    for (let step = this.#step + 1; step <= steps; step++) {
      if (signal?.aborted) return this.#interrupted();
      this.#launch(step);
      this.#metadata = { ...this.#metadata, training: { ...this.#metadata.training, step } };
      const last = step === steps;
      if (step % LOG_EVERY === 0 || last) await this.#report(clock);
      if (step % validateEvery === 0 || last) {
        const improved = await this.#validate();
        if (!improved && this.#outOfPatience()) return this.#result('no improvement');
      }
      // Lets signals and timers through: on a software adapter a submit returns only when the work is done.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#result('finished');
  }

  get #step(): number {
    return this.#metadata.training.step;
  }

  /** @param step counted from 1 */
  #launch(step: number): void {
    const { sampler, pass, program } = this.#parts;
    const { inputs, targets, mask } = sampler.at(step - 1);
    program.write(pass.ids, Uint32Array.from(inputs));
    program.write(pass.targets, Uint32Array.from(targets));
    program.write(pass.mask, Float32Array.from(mask));
    program.write(pass.dropoutSeed, Uint32Array.of((this.#metadata.training.seed ^ Math.imul(step, 0x9e3779b9)) >>> 0));
    program.write(pass.schedule, adamSchedule(step, this.#model.configuration.optimiser.learningRate));
    program.run();
  }

  async #report(clock: Clock): Promise<void> {
    const rows = await this.#parts.program.history();
    const loss = rows.reduce((total, [value]) => total + value, 0) / rows.length;
    const gradientNorm = rows.at(-1)?.[1] ?? 0;
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new ModelError(
        `The loss is no longer a number at step ${this.#step}; the last checkpoint is kept: lower --learning-rate and --resume.`,
      );
    }
    const { batch, length } = this.#metadata.training;
    const tokensPerSecond = clock.rate(rows.length * batch * length);
    const left = this.#options.steps - this.#step;
    await this.#folder.log({ step: this.#step, loss, gradientNorm, tokensPerSecond });
    this.#options.onProgress?.({
      step: this.#step,
      steps: this.#options.steps,
      loss,
      tokensPerSecond,
      secondsLeft: (left * batch * length) / tokensPerSecond,
      valid: this.#valid,
    });
  }

  /** Measures, remembers and saves. @returns whether the loss is the lowest so far */
  async #validate(): Promise<boolean> {
    const { evaluator, validation } = this.#parts;
    if (evaluator === undefined) {
      await this.#save('latest');
      await this.#save('best');
      return true;
    }
    const { nll, accuracy } = await evaluator.evaluate(validation);
    this.#valid = { step: this.#step, nll };
    await this.#folder.log({ step: this.#step, validNll: nll, validAccuracy: accuracy });
    const { best } = this.#metadata.training;
    const improved = best === null || nll < best.nll;
    if (improved) this.#metadata = { ...this.#metadata, training: { ...this.#metadata.training, best: this.#valid } };
    if (improved) await this.#save('best');
    await this.#save('latest');
    return improved;
  }

  #outOfPatience(): boolean {
    const { patience, validateEvery } = this.#options;
    const since = this.#step - (this.#metadata.training.best?.step ?? 0);
    return patience > 0 && since >= patience * validateEvery;
  }

  async #interrupted(): Promise<TrainingResult> {
    await this.#save('latest');
    if (this.#metadata.training.best === null) await this.#save('best');
    return this.#result('interrupted');
  }

  #result(reason: TrainingResult['reason']): TrainingResult {
    return { step: this.#step, reason, best: this.#metadata.training.best };
  }

  async #save(name: 'latest' | 'best'): Promise<void> {
    const { device } = this.#options;
    const { pass } = this.#parts;
    const values = async (arena: (typeof pass)['firstMoment']) => {
      const arrays: Float32Array<ArrayBuffer>[] = [];
      for (const slot of arena.slots) arrays.push(await device.read(slot));
      return arrays;
    };
    const state = {
      parameters: await values(this.#model.parameters),
      firstMoment: await values(pass.firstMoment),
      secondMoment: await values(pass.secondMoment),
    };
    await this.#folder.save(name, { metadata: this.#metadata, model: this.#model, state });
  }
}

/** Throughput since the last look. */
class Clock {
  #last = performance.now();

  /** Units a second, for units done since the last call. */
  rate(units: number): number {
    const now = performance.now();
    const seconds = Math.max(1e-9, (now - this.#last) / 1000);
    this.#last = now;
    return units / seconds;
  }
}

async function fresh(folder: RunFolder, options: TrainOptions): Promise<Checkpoint> {
  const { definition, configuration, dataset, seed, batch, length } = options;
  const { manifest } = dataset;
  if (manifest.encoding.name !== definition.encoding) {
    const have = manifest.encoding.name;
    throw new ModelError(
      `${definition.name} speaks the encoding ${definition.encoding}, the data is in ${have}; prepare it with --encoding ${definition.encoding}.`,
    );
  }
  const model = definition.create(configuration, manifest.encoding.classes);
  const metadata: CheckpointMetadata = {
    format: 'chipsmith-checkpoint',
    formatVersion: 1,
    model: definition.name,
    configuration: { ...configuration },
    encoding: manifest.encoding,
    dataFingerprint: manifest.fingerprint,
    firstEvents: firstEventCounts(dataset),
    beatsPerMinute: medianTempo(dataset),
    training: { seed, batch, length, step: 0, best: null },
  };
  await folder.create({ data: options.dataPlace, ...metadata });
  const zeros = () => model.parameters.slots.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)));
  const state = { parameters: model.initialise(seed), firstMoment: zeros(), secondMoment: zeros() };
  return { metadata, model, state };
}

async function resumed(folder: RunFolder, dataset: Dataset): Promise<Checkpoint> {
  const checkpoint = await folder.load('latest');
  if (checkpoint.metadata.dataFingerprint !== dataset.manifest.fingerprint) {
    throw new ModelError(`${folder.path}: was trained on other data; resume with the same --data, or start a new run.`);
  }
  await folder.forgetAfter(checkpoint.metadata.training.step);
  return checkpoint;
}

function eventsOf(dataset: Dataset, split: 'train' | 'valid'): Uint16Array[] {
  return dataset.sequences(split).map(({ events }) => events);
}

/** Sequences in seeded order until they hold enough events, so that a validation takes seconds on a large dataset. */
function subset(sequences: readonly Uint16Array[], tokens: number, seed: number): Uint16Array[] {
  const chosen: Uint16Array[] = [];
  let total = 0;
  for (const index of new Random(seed).permutation(sequences.length)) {
    if (total >= tokens) break;
    if (sequences[index].length < 2) continue;
    chosen.push(sequences[index]);
    total += sequences[index].length - 1;
  }
  return chosen;
}

function firstEventCounts(dataset: Dataset): number[] {
  const counts = new Array<number>(dataset.manifest.encoding.classes).fill(0);
  for (const { events } of dataset.sequences('train')) counts[events[0]]++;
  return counts;
}

function medianTempo(dataset: Dataset): number {
  const tempi = dataset.manifest.songs.filter(({ split }) => split === 'train').map((song) => song.beatsPerMinute);
  return tempi.sort((a, b) => a - b)[Math.floor(tempi.length / 2)] ?? 120;
}
