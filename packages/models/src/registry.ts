import { findEncoding } from '@chipsmith/data';
import { attentionRnn } from './attention-rnn/attention-rnn.ts';
import { basicRnn } from './basic-rnn/basic-rnn.ts';
import { bitmapAutoencoder } from './bitmap-autoencoder/bitmap-autoencoder.ts';
import { convolutionalAutoencoder } from './convolutional-autoencoder/convolutional-autoencoder.ts';
import { ModelError, schemaError } from './error.ts';
import { lookbackRnn } from './lookback-rnn/lookback-rnn.ts';
import type { Model, ModelDefinition, ModelSettings } from './model.ts';
import { monoRnn } from './mono-rnn/mono-rnn.ts';
import { performanceRnn } from './performance-rnn/performance-rnn.ts';
import { polyphonyRnn } from './polyphony-rnn/polyphony-rnn.ts';
import { vgmLstm } from './vgm-lstm/vgm-lstm.ts';

/** Every model of this package, in the order in which they are listed. */
export const models: readonly ModelDefinition[] = [
  basicRnn,
  monoRnn,
  lookbackRnn,
  attentionRnn,
  polyphonyRnn,
  performanceRnn,
  vgmLstm,
  bitmapAutoencoder,
  convolutionalAutoencoder,
];

/** @throws ModelError naming the models there are */
export function findModel(name: string): ModelDefinition {
  const model = models.find((candidate) => candidate.name === name);
  if (model !== undefined) return model;
  throw new ModelError(`There is no model "${name}"; there is: ${models.map((known) => known.name).join(', ')}.`);
}

/** Settings with the model's defaults filled in. @throws ModelError naming the field and what it must be */
export function configure(definition: ModelDefinition, settings: unknown): ModelSettings {
  const result = definition.settings.safeParse(settings);
  if (!result.success) {
    throw schemaError(`Settings of ${definition.name}`, result.error, 'correct it, or leave it out for the default');
  }
  return result.data;
}

/**
 * A model with its usual settings but for some, for one of its encodings.
 *
 * @param encoding its name; the usual one if left out
 * @throws ModelError naming the setting that is wrong; DataError if there is no such encoding
 */
export function createModel(
  definition: ModelDefinition,
  settings: unknown = {},
  encoding: string = definition.encodings[0],
): Model {
  return definition.create(configure(definition, settings), findEncoding(encoding));
}
