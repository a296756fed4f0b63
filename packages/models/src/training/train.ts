import { type Dataset, type EventSequence, Random } from '@chipsmith/data';
import { type BytesByCategory, type PreparationOptions, totalMemory } from '@chipsmith/kernels';
import { type Checkpoint, type CheckpointMetadata, requireEncoding } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import { Evaluator, planEvaluation } from '../evaluation/evaluator.ts';
import { letThrough } from '../let-through.ts';
import { type BatchOrder, type BatchSource, batchesOnDemand } from './batches.ts';
import { limitsWithin, recomputedShare, trainingMemory } from './budget.ts';
import { firstCheckpoint, type NewRunOptions } from './first-checkpoint.ts';
import { type LoopOptions, TrainingLoop, type TrainingResult } from './loop.ts';
import { planTrainings, requireHalf } from './pass.ts';
import type { RunStore } from './run-store.ts';
import { longestOf, requireTrainingOptions } from './settings.ts';
import { TrainingSteps } from './steps.ts';
import { releaseTrainee, traineeFrom, writeState } from './trainee.ts';

export interface TrainOptions extends NewRunOptions, LoopOptions {
  /** Where the dataset can be found again; written to config.json. */
  readonly dataPlace: string;
  /** Where the run is kept. */
  readonly store: RunStore;
  /** Who makes the batches; training itself, when it needs them, if left out. */
  readonly batchSource?: ((order: BatchOrder) => BatchSource) | undefined;
  /**
   * Goes on from the run's latest checkpoint; model, shape, budget, augmentation and seed are then those of the run.
   */
  readonly resume: boolean;
  /** Events of the valid split that a validation looks at. */
  readonly validTokens: number;
  /** Called before anything is allocated; measuring and compiling kernels comes next. */
  readonly onPlan?: ((plan: TrainingPlan) => void) | undefined;
  /** Called while kernels are measured and compiled, for training and for validation. */
  readonly onPreparation?: PreparationOptions['onProgress'];
  /** Called once everything is on the device. */
  readonly onStart?: ((start: TrainingStart) => void) | undefined;
}

export interface TrainingPlan {
  readonly parameters: number;
  /** Steps done before, by the run that is resumed. */
  readonly step: number;
  /** Sequences that go through the model at once. */
  readonly microBatch: number;
  /** Share of the forward pass that the backward pass computes again, 0..1. */
  readonly recomputed: number;
  /**
   * Bytes that training would take with the batch in one piece and nothing computed again; undefined if the device
   * could not.
   */
  readonly unrestricted: number | undefined;
  /** Share of the positions of batches that is padding, 0..1. */
  readonly padding: number;
  /** Bytes by category of all that will be on the device. */
  readonly predicted: BytesByCategory;
}

export interface TrainingStart extends TrainingPlan {
  /** Bytes by category, counted on the device once everything is allocated. */
  readonly measured: BytesByCategory;
}

/**
 * Trains a model.
 *
 * What a step sees (windows, dropout, learning rate) is a pure function of seed and step, and a checkpoint holds
 * parameters and what the optimiser keeps: a run that is cut off and resumed has bit for bit the parameters of one that
 * was not. The run is made once everything is on the device, so that a training that cannot start leaves nothing
 * behind.
 *
 * @throws ModelError if an option, the store, its checkpoint, the dataset or the budget does not fit, or the loss is no
 *   longer a number
 * @throws DataError if no training sequence has two events
 * @throws KernelError from the device
 * @throws the signal's reason if it is aborted before training starts
 */
export async function train(options: TrainOptions): Promise<TrainingResult> {
  requireTrainingOptions(options);
  const { store, resume } = options;
  try {
    // A new run is locked once it is made.
    if (resume) await store.lock();
    return await trainInto(options);
  } finally {
    await store.unlock();
  }
}

async function trainInto(options: TrainOptions): Promise<TrainingResult> {
  const { device, dataset, store, resume, steps, batchSource = batchesOnDemand } = options;
  const start = resume ? await store.load('latest') : await firstCheckpoint(options);
  if (resume) requireSameData(start, dataset, store);
  else await store.requireEmpty();
  const { training, model } = start.metadata;
  const { half, step } = training;
  if (steps !== undefined && step >= steps) {
    throw new ModelError(`${store.place}: has ${step} steps already; ask for more with --steps.`);
  }
  requireHalf(device, half);

  const batches = batchSource({ dataset, model, settings: start.settings, options: training, step });
  try {
    return await trainFrom(start, batches, options);
  } finally {
    await batches.close();
  }
}

/** Allocates everything, trains, and gives the memory back. */
async function trainFrom(start: Checkpoint, batches: BatchSource, options: TrainOptions): Promise<TrainingResult> {
  const { device, dataset, store, resume, validTokens, signal, onPreparation } = options;
  const { model, state } = start;
  const trainee = traineeFrom(start);
  const validation = subset(dataset.sequences('valid'), validTokens);
  const metadata = withBaseline(start, dataset, validation);
  const begun = { ...start, metadata };
  const { batch, length, recompute, step, budget } = metadata.training;
  // Each of these plans takes up to a second or two.
  await letThrough(signal);
  const limits = limitsWithin(trainee, metadata.training, { budget, limits: device.limits, recompute });
  await letThrough(signal);
  const passes = planTrainings(trainee, metadata.training, { limits, recompute });
  await letThrough(signal);
  const unrestricted = trainingMemory(trainee, { batch, length }, { limits: device.limits })?.bytes;
  await letThrough(signal);
  const longest = longestOf(metadata.training);
  const evaluation = validation.length > 0 ? [planEvaluation(model, longest, limits)] : [];
  const planned: TrainingPlan = {
    parameters: model.parameters.valueCount,
    step,
    microBatch: metadata.training.microBatch,
    recomputed: recomputedShare(passes[0]),
    unrestricted,
    padding: batches.padding,
    predicted: totalMemory([...passes, ...evaluation].map(({ plan }) => plan)),
  };
  options.onPlan?.(planned);
  let steps: TrainingSteps | undefined;
  let evaluator: Evaluator | undefined;
  try {
    const preparation = { signal, onProgress: onPreparation };
    steps = await TrainingSteps.create(device, passes, preparation);
    if (validation.length > 0) evaluator = await Evaluator.create(device, model, longest, { limits, ...preparation });
    writeState(device, trainee, state);
    if (resume) await store.rewind(step);
    else await store.create({ data: options.dataPlace, ...metadata }, begun);
    const measured = device.allocated;
    await store.begin({ adapter: device.adapter.name, predicted: planned.predicted, measured });
    options.onStart?.({ ...planned, measured });
    const parts = { device, store, batches, trainee, validation, steps, evaluator };
    return await new TrainingLoop(options, begun, parts).run();
  } finally {
    steps?.destroy();
    evaluator?.destroy();
    releaseTrainee(device, trainee);
  }
}

/** Keeps what the model's first baseline reaches on the validation data, unless the run has it already. */
function withBaseline(
  { metadata, model }: Checkpoint,
  dataset: Dataset,
  validation: readonly EventSequence[],
): CheckpointMetadata {
  if (validation.length === 0 || metadata.training.baseline !== null) return metadata;
  const [baseline] = Object.values(model.examples.baselines?.(dataset.sequences('train'), validation) ?? {});
  return baseline === undefined ? metadata : { ...metadata, training: { ...metadata.training, baseline } };
}

function requireSameData({ metadata }: Checkpoint, dataset: Dataset, store: RunStore): void {
  requireEncoding(metadata, dataset.manifest.encoding);
  if (metadata.dataFingerprint === dataset.manifest.fingerprint) return;
  throw new ModelError(`${store.place}: was trained on other data; resume with the same --data, or start a new run.`);
}

/**
 * Sequences in a random order until they hold enough events, so that a validation takes seconds on a large dataset. The
 * order is the same for every run, so that runs with different seeds compare.
 */
function subset(sequences: readonly EventSequence[], tokens: number): EventSequence[] {
  const chosen: EventSequence[] = [];
  let total = 0;
  for (const index of new Random(0).permutation(sequences.length)) {
    if (total >= tokens) break;
    if (sequences[index].length < 2) continue;
    chosen.push(sequences[index]);
    total += sequences[index].length - 1;
  }
  return chosen;
}
