import {
  type Checkpoint,
  composingSettings,
  createModel,
  findModel,
  ModelError,
  models,
  type Task,
} from '@chipsmith/models';
import type { z } from 'zod';
import type { Arguments, Options } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { givenValues, schemaOptions } from '../terminal/schema-options.ts';

/** What `generate` asks of a model: something new, or to go on from a primer. */
const TASKS = ['sample', 'continue'] as const satisfies readonly Task[];

/**
 * Options for how music is made: what the models' composers can be set to, each as the first that has it describes it.
 */
export function composingOptions(): Options {
  const options: Record<string, Options[string]> = {};
  for (const definition of models) {
    for (const schema of schemasOf(createModel(definition).composers)) {
      for (const [key, option] of Object.entries(schemaOptions(schema))) options[key] ??= option;
    }
  }
  return options;
}

/** Refuses values that no model takes, before it is known which model it is. @throws UsageError */
export function checkComposing(args: Arguments): void {
  for (const definition of models) {
    for (const schema of schemasOf(createModel(definition).composers)) givenValues(schema, args);
  }
}

/**
 * What is set of how a model makes music.
 *
 * @throws UsageError for a setting that it does not have, or a value that it does not take
 */
export function givenComposing(args: Arguments, checkpoint: Checkpoint, task: Task): object {
  const { model, metadata } = checkpoint;
  const schema = model.composers[task]?.settings;
  const known = schema === undefined ? [] : Object.keys(schemaOptions(schema));
  const foreign = Object.keys(composingOptions()).find((key) => args[key] !== undefined && !known.includes(key));
  if (foreign !== undefined) {
    const has = known.map((key) => `--${key}`).join(', ') || 'none';
    const { name } = findModel(metadata.model);
    const where = task === 'continue' ? ', going on from a primer,' : '';
    throw new UsageError(`--${foreign} is not a setting of how ${name}${where} makes music, which are ${has}`);
  }
  if (schema === undefined) return {};
  const given = givenValues(schema, args);
  try {
    composingSettings(checkpoint, task, given);
    return given;
  } catch (error) {
    // Values that exclude each other.
    if (error instanceof ModelError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function schemasOf(composers: Checkpoint['model']['composers']): z.ZodObject[] {
  return TASKS.flatMap((task) => composers[task]?.settings ?? []);
}
