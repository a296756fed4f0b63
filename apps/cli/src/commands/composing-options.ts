import { type Checkpoint, composingSettings, createModel, findModel, models, type Task } from '@chipsmith/models';
import type { z } from 'zod';
import type { Arguments, HelpSections, Options } from '../terminal/command.ts';
import { asUsage, CommandError, UsageError } from '../terminal/errors.ts';
import { foreignOption, givenValues, schemaOptions, sharedOptions } from '../terminal/schema-options.ts';

/** Options for the settings of the composers that models have for some tasks. */
export function composingOptions(tasks: readonly Task[]): Options {
  return sharedOptions(schemasOf(tasks));
}

/** The sections of help of a command that asks a model for music. */
export function composingSections(own: Options, tasks: readonly Task[]): HelpSections {
  return [
    ['Options', own],
    ['Settings of composing, for models that have them', composingOptions(tasks)],
  ];
}

/** Refuses values that no model takes, before it is known which model it is. @throws UsageError */
export function checkComposing(args: Arguments, tasks: readonly Task[]): void {
  for (const schema of schemasOf(tasks)) givenValues(schema, args);
}

/**
 * The settings of a model's composer that a command line gives.
 *
 * @param tasks those whose options the command has
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
  const foreign = foreignOption(args, composingOptions(tasks), schemaOptions(schema));
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
  throw new UsageError(`--${option} is not a setting of ${name} for ${task}; it has ${has}`);
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
