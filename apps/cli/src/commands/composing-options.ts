import { type Checkpoint, composingSettings, createModel, findModel, models, type Task } from '@chipsmith/models';
import type { z } from 'zod';
import type { Arguments, Options } from '../terminal/command.ts';
import { asUsage, CommandError, UsageError } from '../terminal/errors.ts';
import { givenValues, schemaOptions } from '../terminal/schema-options.ts';

/**
 * Options for how models do what they are asked: what their composers can be set to, each as the first that has it
 * describes it.
 */
export function composingOptions(tasks: readonly Task[]): Options {
  const options: Record<string, Options[string]> = {};
  for (const schema of schemasOf(tasks)) {
    for (const [key, option] of Object.entries(schemaOptions(schema))) options[key] ??= option;
  }
  return options;
}

/** Refuses values that no model takes, before it is known which model it is. @throws UsageError */
export function checkComposing(args: Arguments, tasks: readonly Task[]): void {
  for (const schema of schemasOf(tasks)) givenValues(schema, args);
}

/**
 * What is set of how a model does what it is asked.
 *
 * @param tasks those of the command, whose options may be typed
 * @throws CommandError if the model cannot do that
 * @throws UsageError for a setting that it does not have, or a value that it does not take
 */
export function givenComposing(
  args: Arguments,
  checkpoint: Checkpoint,
  task: Task,
  tasks: readonly Task[] = [task],
): Readonly<Record<string, unknown>> {
  const schema = schemaOf(checkpoint, task);
  const known = Object.keys(schemaOptions(schema));
  const foreign = Object.keys(composingOptions(tasks)).find((key) => args[key] !== undefined && !known.includes(key));
  if (foreign !== undefined) refuseComposing(checkpoint, task, foreign);
  const given = givenValues(schema, args) as Readonly<Record<string, unknown>>;
  // Values may exclude each other.
  asUsage(() => composingSettings(checkpoint, task, given));
  return given;
}

/** @throws UsageError for a setting that the model does not have @throws CommandError if it cannot do that at all */
export function requireComposing(checkpoint: Checkpoint, task: Task, option: string): void {
  if (!Object.hasOwn(schemaOptions(schemaOf(checkpoint, task)), option)) refuseComposing(checkpoint, task, option);
}

function refuseComposing(checkpoint: Checkpoint, task: Task, option: string): never {
  const known = Object.keys(schemaOptions(schemaOf(checkpoint, task)));
  const has = known.map((key) => `--${key}`).join(', ') || 'none';
  const { name } = findModel(checkpoint.metadata.model);
  throw new UsageError(`--${option} is not a setting of ${name} where it is to ${task}, which are ${has}`);
}

/** @throws CommandError naming the models that can, if this one cannot */
function schemaOf({ model: { composers }, metadata }: Checkpoint, task: Task): z.ZodObject {
  const composer = composers[task];
  if (composer !== undefined) return composer.settings;
  const able = models.filter((definition) => createModel(definition).composers[task] !== undefined);
  const names = able.map(({ name }) => name).join(', ');
  const can = Object.keys(composers).join(', ');
  throw new CommandError(`${metadata.model} cannot ${task}; it can ${can}. Models that can ${task}: ${names}.`);
}

function schemasOf(tasks: readonly Task[]): z.ZodObject[] {
  return models.flatMap((definition) => {
    const { composers } = createModel(definition);
    return tasks.flatMap((task) => composers[task]?.settings ?? []);
  });
}
