import { existsSync } from 'node:fs';
import {
  type Dataset,
  type DatasetOptions,
  datasetFromSongs,
  type Encoding,
  embeddedCorpus,
  encodings,
  findEncoding,
  openDataset,
} from '@chipsmith/data';
import type { Device, PreparationOptions } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import {
  configure,
  findModel,
  type ModelConfiguration,
  type ModelDefinition,
  ModelError,
  microBatchOf,
  models,
  type TrainingShape,
  trainingSettings,
} from '@chipsmith/models';
import { z } from 'zod';
import { type Arguments, type Options, text } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { startPreparation } from '../terminal/progress.ts';
import { givenValues, schemaOptions } from '../terminal/schema-options.ts';
import { oneOf } from '../terminal/values.ts';

export const adapterOption = {
  adapter: {
    type: 'string',
    valueHint: 'name',
    description: 'auto, gles (on the CPU), vulkan, metal, d3d12, or a part of an adapter name (default auto)',
  },
} satisfies Options;

/**
 * Opens a device for some work and closes it afterwards, telling how far it is with getting ready.
 *
 * @param work takes the device, and what its programs are to tell their progress to
 * @throws KernelError without an adapter; CommandError for the one that computes nothing; the signal's reason once it is aborted
 */
export async function withDevice<Result>(
  args: Arguments,
  signal: AbortSignal,
  work: (device: Device, onPreparation: PreparationOptions['onProgress']) => Promise<Result>,
): Promise<Result> {
  const preparation = startPreparation();
  let device: Device | undefined;
  try {
    device = await deviceOf(args, { signal, onProgress: preparation.onProgress });
    return await work(device, preparation.onProgress);
  } finally {
    preparation.stop();
    device?.destroy();
  }
}

async function deviceOf(args: Arguments, preparation: PreparationOptions): Promise<Device> {
  const device = await openDevice({ adapter: text(args, 'adapter'), ...preparation });
  if (device.adapter.backend !== 'null') return device;
  device.destroy();
  throw new CommandError('The null adapter computes nothing and is for tests only; choose another with --adapter.');
}

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
 * The options of some models' own settings. Where several have one of the same name, it is described as the first has it.
 *
 * @throws Error if models disagree on whether an option has a value
 */
export function settingOptions(definitions: readonly ModelDefinition[]): Options {
  const options: Record<string, Options[string]> = {};
  for (const { name, schema } of definitions) {
    for (const [key, option] of Object.entries(schemaOptions(schema))) {
      options[key] ??= option;
      if (options[key].type !== option.type) throw new Error(`--${key} of ${name} is of another type than elsewhere`);
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

/** What help shows where options depend on the model: the command's own, and the settings of the model that was named. */
export function sectionsOf(own: Options, { name, schema }: ModelDefinition): readonly (readonly [string, Options])[] {
  return [
    ['Options', own],
    [`Settings of ${name}; of another: --model <name> --help`, schemaOptions(schema)],
  ];
}

/** A model's own settings as far as they are given. @throws UsageError for one that it does not have, or does not take */
export function givenSettings(args: Arguments, { name, schema }: ModelDefinition) {
  const own = Object.keys(schemaOptions(schema));
  const foreign = Object.keys(settingOptions(models)).find((key) => args[key] !== undefined && !own.includes(key));
  if (foreign !== undefined) {
    const settings = own.map((key) => `--${key}`).join(', ');
    throw new UsageError(`--${foreign} is not a setting of ${name}, which has ${settings || 'none'}`);
  }
  return givenValues(schema, args);
}

/** What is to be trained: the options given, and the model's defaults for the rest. */
export interface Training {
  readonly definition: ModelDefinition;
  readonly configuration: ModelConfiguration;
  readonly shape: TrainingShape;
}

/** @throws UsageError for an unknown model, or a setting that it does not take */
export function trainingOf(args: Arguments): Training {
  const definition = modelOf(args);
  const settings = givenSettings(args, definition);
  const shape = { ...definition.training, ...givenValues(shapeSchema(definition), args) };
  try {
    microBatchOf(shape);
    return { definition, configuration: configure(definition, settings), shape };
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** @throws UsageError for an unknown encoding */
export function encodingOf(args: Arguments): Encoding {
  const names = encodings.map(({ name }) => name);
  return findEncoding(oneOf('--encoding', text(args, 'encoding') ?? names[0], names));
}

/** The first of `<start>-1`, `<start>-2`, ... that does not exist. */
export function freeFolder(start: string): string {
  for (let number = 1; ; number++) {
    const folder = `${start}-${number}`;
    if (!existsSync(folder)) return folder;
  }
}

/** The word that stands for the embedded corpus where a dataset folder could be named. */
export const CORPUS = 'corpus';

/** A dataset folder, or the embedded corpus in the encoding asked for. */
export async function datasetOf(place: string, encoding: Encoding): Promise<Dataset> {
  return place === CORPUS ? corpusDataset(encoding, {}) : openDataset(place);
}

/** The embedded corpus as a dataset. Its pulse 1 has the tunes as they were written; other voices are arranged by rule. */
export function corpusDataset(encoding: Encoding, { voices = ['pulse1'], ...options }: DatasetOptions): Dataset {
  return datasetFromSongs(embeddedCorpus(), encoding, { ...options, voices });
}

/** Steps of a training where nothing is said about how long it shall be. */
export const DEFAULT_STEPS = 1000;

/** "6GB", "512MiB", "800MB" -> bytes, 1 or more. @throws UsageError */
export function bytesOf(args: Arguments, name: string): number | undefined {
  const value = text(args, name);
  if (value === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([KMG])(i?)B?$/i.exec(value.trim());
  if (match === null) throw new UsageError(`--${name} must be a size such as 6GB or 512MiB, not "${value}"`);
  const base = match[3] === '' ? 1000 : 1024;
  const bytes = Math.floor(Number(match[1]) * base ** ('KMG'.indexOf(match[2].toUpperCase()) + 1));
  if (bytes >= 1 && Number.isSafeInteger(bytes)) return bytes;
  throw new UsageError(`--${name} must be a size that a device can have, not "${value}"`);
}
