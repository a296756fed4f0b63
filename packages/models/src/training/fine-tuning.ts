import { type Checkpoint, requireEncoding, type TrainingState } from '../checkpoint/checkpoint.ts';
import { ModelError } from '../error.ts';
import type { ModelDefinition, ModelSettings } from '../model.ts';
import type { Trainee } from './trainee.ts';

/** A checkpoint of another run, from whose parameters a training starts. */
export interface StartingPoint {
  /** Names it in messages and in the new run; no path, which others need not know. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/**
 * The settings of a training that starts from a checkpoint: the checkpoint's, whose optimiser may be set anew.
 *
 * @param optimiser its settings that are to differ, by their names in the model's schema
 */
export function settingsFrom({ settings }: Checkpoint, optimiser: object = {}): ModelSettings {
  return { ...settings, optimiser: { ...settings.optimiser, ...optimiser } };
}

/**
 * Makes sure that a training can start from a checkpoint.
 *
 * @param encoding of the dataset
 * @throws ModelError if the checkpoint is of another model or encoding, or differs in settings that are not the
 *   optimiser's
 */
export function requireStartingPoint(
  { name, checkpoint: { metadata, settings: learnt } }: StartingPoint,
  { name: model }: ModelDefinition,
  settings: ModelSettings,
  encoding: { readonly name: string; readonly version: number },
): void {
  if (metadata.model !== model) {
    throw new ModelError(
      `Training: ${name} is a checkpoint of ${metadata.model}, not of ${model}; start from another, or train ${metadata.model}.`,
    );
  }
  requireEncoding(metadata, encoding);
  const words = (value: unknown) => JSON.stringify(value) ?? 'not set';
  const change = Object.keys({ ...learnt, ...settings }).find(
    (key) => key !== 'optimiser' && words(learnt[key]) !== words(settings[key]),
  );
  if (change === undefined) return;
  throw new ModelError(
    `Training: ${change} is ${words(learnt[change])} in ${name} and cannot become ${words(settings[change])}; leave it out, or train a new model.`,
  );
}

/**
 * What fine-tuning starts from: the parameters that the checkpoint makes music with (their moving average, where there
 * is one) and its statistics, with an optimiser that has seen nothing.
 */
export function fineTuningState({ model, optimiser }: Trainee, { state }: Checkpoint): TrainingState {
  return {
    ...optimiser.startingValues(state.average ?? state.parameters),
    ...(model.statistics && { statistics: state.statistics }),
  };
}
