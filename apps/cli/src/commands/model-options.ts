import {
  configure,
  createModel,
  findModel,
  lengthsOf,
  type ModelDefinition,
  type ModelSettings,
  microBatchOf,
  models,
  requireTrainable,
  type StartingPoint,
  settingsFrom,
  type TrainingShape,
  trainingSettings,
} from '@chipsmith/models';
import { z } from 'zod';
import { type Arguments, type HelpSections, type Options, text } from '../terminal/command.ts';
import { asUsage, UsageError } from '../terminal/errors.ts';
import { firstChange, foreignOption, givenValues, schemaOptions, sharedOptions } from '../terminal/schema-options.ts';
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
    length: trainingSettings.lengths.default([length]),
    microBatch: trainingSettings.microBatch,
    half: trainingSettings.half,
  });
}

/** As far as it is given, lengths in rising order. @throws UsageError for a value that is outside its limits */
export function givenShape(args: Arguments, definition: ModelDefinition) {
  const { length, ...shape } = givenValues(shapeSchema(definition), args);
  return { ...shape, ...(length && { length: lengthsOf({ length }) }) };
}

/** The options of some models' own settings. */
export function settingOptions(definitions: readonly ModelDefinition[]): Options {
  return sharedOptions(definitions.map(settingsSchema));
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
export function sectionsOf(own: Options, definition: ModelDefinition): HelpSections {
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
  const own = schemaOptions(schema);
  const foreign = foreignOption(args, settingOptions(others), own);
  if (foreign !== undefined) {
    const settings =
      Object.keys(own)
        .map((key) => `--${key}`)
        .join(', ') || 'none';
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

/**
 * @param from where training starts, if not anew: model and settings are those of its checkpoint, and only the
 *   optimiser can be set
 * @throws UsageError for an unknown model, a setting that it does not take, or one that differs from the checkpoint's
 */
export function trainingOf(args: Arguments, from?: StartingPoint): Training {
  const definition = from === undefined ? modelOf(args) : modelFrom(args, from);
  const given = givenSettings(args, definition);
  if (from !== undefined) requireSameSettings(from, definition, given);
  const settings = from === undefined ? given : settingsFrom(from.checkpoint, given.optimiser);
  const shape = { ...definition.training, ...givenShape(args, definition) };
  return { definition, settings: trainableSettings(definition, settings, shape), shape };
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
    requireTrainable(definition, { settings, model: createModel(definition, settings) }, shape);
    return settings;
  });
}

/** The model of a checkpoint, which may be named too. @throws UsageError if another one is named */
function modelFrom(args: Arguments, { name, checkpoint: { metadata } }: StartingPoint): ModelDefinition {
  const named = text(args, 'model');
  if (named === undefined || named === metadata.model) return findModel(metadata.model);
  throw new UsageError(
    `--model is ${metadata.model} in ${name} and cannot change; leave it out, or train without --from`,
  );
}

/** @throws UsageError if a setting that is given, and is not one of the optimiser, differs from the checkpoint's */
function requireSameSettings(
  { name, checkpoint: { settings } }: StartingPoint,
  definition: ModelDefinition,
  { optimiser: _, ...given }: object & { readonly optimiser?: unknown },
): void {
  const change = firstChange(settingsSchema(definition), given, settings);
  if (change === undefined) return;
  throw new UsageError(
    `--${change.option} is ${change.current} in ${name} and cannot change; leave it out, or train without --from`,
  );
}
