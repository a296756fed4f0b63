import {
  AUGMENTATIONS,
  type AugmentationName,
  augmentEvents,
  type Dataset,
  type EventSequence,
  findEncoding,
} from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import {
  type Checkpoint,
  type CheckpointMetadata,
  requireKnown,
  requireSpoken,
  tempo,
} from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import type { ModelDefinition, ModelSettings } from '../model.ts';
import { configure } from '../registry.ts';
import { fitTraining } from './budget.ts';
import { fineTuningState, requireStartingPoint, type StartingPoint } from './fine-tuning.ts';
import { microBatchOf, type TrainingShape } from './pass.ts';
import { lengthsOf } from './settings.ts';
import { requireTrainable } from './trainable.ts';
import { startingState, traineeOf } from './trainee.ts';

/** What a new run is made of. */
export interface NewRunOptions extends TrainingShape {
  readonly device: Device;
  readonly definition: ModelDefinition;
  /** As `configure` gives them. */
  readonly settings: ModelSettings;
  readonly dataset: Dataset;
  /**
   * Where a new run starts, instead of at random values: settings are those of its checkpoint, but for the optimiser's
   * (`settingsFrom`). A run that is resumed needs nothing of it.
   */
  readonly from?: StartingPoint | undefined;
  readonly seed: number;
  /** Random changes to the training sequences, others in each epoch; none if left out. */
  readonly augmentation?: AugmentationName | undefined;
  /** Bytes on the device that training may take; settings that fit are found as `fitTraining` does. */
  readonly budget?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Step 0 of a new run.
 *
 * @throws ModelError if model, dataset, settings, starting point or budget do not go together
 * @throws the signal's reason once it is aborted
 */
export async function firstCheckpoint(options: NewRunOptions): Promise<Checkpoint> {
  const { signal, device, definition, dataset, seed, batch, length, half, budget, augmentation, from } = options;
  const { encoding, fingerprint } = dataset.manifest;
  requireSpoken(definition, encoding.name, `prepare the data with --encoding ${definition.encodings[0]}`);
  if (augmentation !== undefined) requireChange(dataset, augmentation);
  const settings = configure(definition, options.settings);
  if (from !== undefined) requireStartingPoint(from, definition, settings, encoding);
  const trainee = traineeOf(definition, settings, requireKnown(encoding));
  const { model } = trainee;
  requireTrainable(definition, trainee, { length });
  const lengths = lengthsOf({ length });
  const { microBatch, recompute } =
    budget === undefined
      ? { microBatch: microBatchOf(options), recompute: [] }
      : await fitTraining(trainee, options, budget, device.limits, signal);
  const metadata: CheckpointMetadata = {
    format: 'chipsmith-checkpoint',
    formatVersion: 2,
    model: definition.name,
    configuration: { ...settings },
    encoding,
    dataFingerprint: fingerprint,
    firstEvents: firstEventCounts(dataset),
    facts: { ...model.examples.facts?.(dataset.sequences('train')) },
    beatsPerMinute: medianTempo(dataset),
    training: {
      seed,
      batch,
      length: lengths.length === 1 ? lengths[0] : [...lengths],
      microBatch,
      ...(half && { half }),
      recompute: recompute.map(({ first, end }) => ({ first, end })),
      budget: budget ?? null,
      augmentation: augmentation ?? null,
      step: 0,
      best: null,
      baseline: null,
      ...(from && { from: originOf(from) }),
    },
  };
  const state = from === undefined ? startingState(trainee, seed) : fineTuningState(trainee, from.checkpoint);
  return { metadata, settings, model, state };
}

/** What a run keeps of where it started; the loss there is not known yet. */
function originOf({ name, checkpoint: { metadata } }: StartingPoint): CheckpointMetadata['training']['from'] {
  return { name, step: metadata.training.step, dataFingerprint: metadata.dataFingerprint, loss: null };
}

/**
 * An encoding that brings songs into one key and tempo undoes augmentation, which must not pass unnoticed.
 *
 * @throws ModelError if most of the first sequences stay as they are
 */
function requireChange(dataset: Dataset, name: AugmentationName): void {
  const encoding = findEncoding(dataset.manifest.encoding.name);
  const options = { augmentation: AUGMENTATIONS[name], seed: 1, epoch: 0 };
  const changes = ({ read, bar }: EventSequence, index: number) => {
    const events = read();
    return augmentEvents(encoding, events, { ...options, index, bar }).join() !== events.join();
  };
  const tried = dataset.sequences('train').slice(0, SEQUENCES_TRIED);
  if (tried.filter(changes).length >= tried.length / 2) return;
  throw new ModelError(
    `Training: --augment ${name} changes next to nothing in ${encoding.name}, which brings songs into one key and tempo; leave it out.`,
  );
}

/**
 * Of as many, 22 to 32 change in encodings that keep keys, and 5 to 12, whose key is a close call, in those that do
 * not.
 */
const SEQUENCES_TRIED = 32;

function firstEventCounts(dataset: Dataset): number[] {
  const counts = new Array<number>(dataset.manifest.encoding.classes).fill(0);
  for (const sequence of dataset.sequences('train')) counts[sequence.read()[0]]++;
  return counts;
}

/** Brought to what songs can be made at. */
function medianTempo(dataset: Dataset): number {
  const tempi = dataset.manifest.songs.filter(({ split }) => split === 'train').map((song) => song.beatsPerMinute);
  const median = tempi.sort((a, b) => a - b)[Math.floor(tempi.length / 2)] ?? 120;
  return Math.min(tempo.maxValue ?? median, Math.max(tempo.minValue ?? median, median));
}
