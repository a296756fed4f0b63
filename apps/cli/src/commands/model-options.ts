import {
  configure,
  createModel,
  findModel,
  type ModelDefinition,
  type ModelSettings,
  microBatchOf,
  models,
  requireTrainable,
  type TrainingShape,
  trainingSettings,
} from '@chipsmith/models';
import { z } from 'zod';
import { type Arguments, type Options, text } from '../terminal/command.ts';
import { asUsage, UsageError } from '../terminal/errors.ts';
import { givenValues, schemaOptions } from '../terminal/schema-options.ts';
import { oneOf } from '../terminal/values.ts';

/** The model, where it is not the default one. */
export const modelOption = {
  model: {
    type: 'string',
    valueHint: 'name',
    description: `one of those that chipsmith models lists; its settings are below (default ${models[0].name})`,
  },
} satisfies Options;

/** @throws UsageError for an unknown model */
export function modelOf(args: Arguments): ModelDefinition {
  const names = models.map(({ name }) => name);
  return findModel(oneOf('--model', text(args, 'model') ?? names[0], names));
}

/** What a model can be set to. */
export function settingsSchema({ settings }: ModelDefinition): z.ZodType<ModelSettings> {
  return settings;
}

/** How a batch goes through a model, with the sizes that suit it. */
export function shapeSchema({ training: { batch, length } }: ModelDefinition) {
  return z.object({
    batch: trainingSettings.batch.default(batch),
    length: trainingSettings.length.default(length),
    microBatch: trainingSettings.microBatch,
    half: trainingSettings.half,
  });
}

/**
 * The options of some models' own settings. Where several have one of the same name, it is described as the first has
 * it.
 *
 * @throws Error if models disagree on whether an option has a value
 */
export function settingOptions(definitions: readonly ModelDefinition[]): Options {
  const options: Record<string, Options[string]> = {};
  for (const definition of definitions) {
    for (const [key, option] of Object.entries(schemaOptions(settingsSchema(definition)))) {
      options[key] ??= option;
      if (options[key].type === option.type) continue;
      throw new Error(`--${key} of ${definition.name} is of another type than elsewhere`);
    }
  }
  return options;
}

/** Own options of a command and those of models' settings. @throws Error if a setting has the name of an option */
export function withSettings(own: Options, definitions: readonly ModelDefinition[]): Options {
  const settings = settingOptions(definitions);
  const clash = Object.keys(settings).find((name) => Object.hasOwn(own, name));
  if (clash !== undefined) throw new Error(`--${clash} is an option of the command and a setting of a model`);
  return { ...own, ...settings };
}

/**
 * What help shows where options depend on the model: the command's own, and the settings of the model that was named.
 */
export function sectionsOf(own: Options, definition: ModelDefinition): readonly (readonly [string, Options])[] {
  const heading = `Settings of ${definition.name}; of another: --model <name> --help`;
  return [
    ['Options', own],
    [heading, schemaOptions(settingsSchema(definition))],
  ];
}

/**
 * A model's own settings as far as they are given.
 *
 * @param others models whose settings the command line may hold too
 * @throws UsageError for a setting that the model does not have, or a value that it does not take
 */
export function givenSettings(args: Arguments, definition: ModelDefinition, others = models) {
  const schema = settingsSchema(definition);
  const own = Object.keys(schemaOptions(schema));
  const foreign = Object.keys(settingOptions(others)).find((key) => args[key] !== undefined && !own.includes(key));
  if (foreign !== undefined) {
    const settings = own.map((key) => `--${key}`).join(', ') || 'none';
    throw new UsageError(`--${foreign} is not a setting of ${definition.name}, which has ${settings}`);
  }
  return givenValues(schema, args);
}

/** What is to be trained: the options given, and the model's defaults for the rest. */
export interface Training {
  readonly definition: ModelDefinition;
  readonly settings: ModelSettings;
  readonly shape: TrainingShape;
}

/** @throws UsageError for an unknown model, or a setting that it does not take */
export function trainingOf(args: Arguments): Training {
  const definition = modelOf(args);
  const given = givenSettings(args, definition);
  const shape = { ...definition.training, ...givenValues(shapeSchema(definition), args) };
  return { definition, settings: trainableSettings(definition, given, shape), shape };
}

/**
 * A model's settings with its defaults filled in.
 *
 * @throws UsageError for settings and sizes that do not go together, or with which the model cannot be trained
 */
export function trainableSettings(definition: ModelDefinition, given: object, shape: TrainingShape): ModelSettings {
  return asUsage(() => {
    microBatchOf(shape);
    const settings = configure(definition, given);
    requireTrainable(definition, createModel(definition, settings), shape.length);
    return settings;
  });
}
