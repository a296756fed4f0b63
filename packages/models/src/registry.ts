import { basicRnn } from './basic-rnn/basic-rnn.ts';
import { ModelError, schemaError } from './error.ts';
import type { ModelConfiguration, ModelDefinition } from './model.ts';
import { monoRnn } from './mono-rnn/mono-rnn.ts';

/** Every model of this package, in the order in which they are listed. */
export const models: readonly ModelDefinition[] = [basicRnn, monoRnn];

/** @throws ModelError naming the models there are */
export function findModel(name: string): ModelDefinition {
  const model = models.find((candidate) => candidate.name === name);
  if (model !== undefined) return model;
  throw new ModelError(`There is no model "${name}"; there is: ${models.map((known) => known.name).join(', ')}.`);
}

/** Settings with the model's defaults filled in. @throws ModelError naming the field and what it must be */
export function configure(definition: ModelDefinition, settings: unknown): ModelConfiguration {
  const result = definition.schema.safeParse(settings);
  if (!result.success) {
    throw schemaError(`Settings of ${definition.name}`, result.error, 'correct it, or leave it out for the default');
  }
  return result.data;
}
