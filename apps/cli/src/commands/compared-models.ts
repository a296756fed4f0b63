import { type Dataset, findEncoding } from '@chipsmith/data';
import { createModel, findModel, type ModelDefinition, type ModelSettings, models } from '@chipsmith/models';
import { type Arguments, text } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { foreignOption, givenValues } from '../terminal/schema-options.ts';
import { oneOf } from '../terminal/values.ts';
import { settingOptions, settingsSchema, trainableSettings } from './model-options.ts';
import { CORPUS, datasetOf } from './options.ts';

/** A model and the data that it can learn. */
export interface ModelAndData {
  readonly definition: ModelDefinition;
  readonly dataset: Dataset;
  /** Dataset folder, or CORPUS. */
  readonly place: string;
}

/** One of the models that are compared, and how it is to be trained. */
export interface ComparedModel extends ModelAndData {
  readonly batch: number;
  readonly length: number;
  readonly settings: ModelSettings;
}

/**
 * The models that a command line compares, each with data that it can learn.
 *
 * @param shape sizes that were given; each model's own for the rest
 * @throws UsageError if a model is unknown or learns none of the data, if some data is learnt by none, or for settings
 *   and sizes that a model does not take
 * @throws CommandError if a model has no songs to learn from, or none to be measured by
 */
export async function comparedModels(
  args: Arguments,
  shape: Partial<ModelDefinition['training']>,
): Promise<ComparedModel[]> {
  const chosen = (await pairsOf(args)).map((pair) => ({
    ...pair,
    ...trainingSettingsOf(pair.definition, args, shape),
  }));
  requireKnown(
    args,
    chosen.map(({ definition }) => definition),
  );
  for (const model of chosen) requireSongs(model);
  return chosen;
}

/** @throws UsageError if a model is unknown, learns none of the data, or some data is learnt by none */
async function pairsOf(args: Arguments): Promise<ModelAndData[]> {
  const names = listed(args, 'models');
  const known = models.map(({ name }) => name);
  const wanted = names?.map((name) => findModel(oneOf('--models: each', name, known))) ?? models;
  const places = listed(args, 'data') ?? [CORPUS];
  const folders = await Promise.all(
    places
      .filter((place) => place !== CORPUS)
      .map(async (place) => ({ place, dataset: await datasetOf(place, findEncoding(models[0].encodings[0])) })),
  );
  const encodings = folders.map(({ dataset }) => dataset.manifest.encoding.name);
  const twice = encodings.find((name, index) => encodings.indexOf(name) < index);
  if (twice !== undefined) {
    const both = folders.filter((_, index) => encodings[index] === twice).map(({ place }) => place);
    throw new UsageError(`--data: ${both.join(' and ')} are all in ${twice}; compare the models on one of them`);
  }
  const pairs: ModelAndData[] = [];
  for (const definition of wanted) {
    const found = folders.find(({ dataset }) => definition.encodings.includes(dataset.manifest.encoding.name));
    if (found !== undefined) pairs.push({ definition, ...found });
    else if (places.includes(CORPUS)) {
      const dataset = await datasetOf(CORPUS, findEncoding(definition.encodings[0]));
      pairs.push({ definition, dataset, place: CORPUS });
    } else if (names !== undefined) {
      const encoding = definition.encodings.join(' or ');
      throw new UsageError(
        `${definition.name} learns ${encoding}, and none of --data is in it; prepare it with --encoding ${definition.encodings[0]}`,
      );
    }
  }
  const unused = places.find((place) => !pairs.some((pair) => pair.place === place));
  if (unused === undefined) return pairs;
  const one = names === undefined ? 'no model' : 'none of --models';
  throw new UsageError(`--data: ${one} learns ${unused}; see chipsmith models for the encodings that they learn`);
}

/** Words with commas between, each of which may be there once. @throws UsageError */
function listed(args: Arguments, option: string): string[] | undefined {
  const words = text(args, option)
    ?.split(',')
    .map((word) => word.trim());
  if (words?.includes('')) throw new UsageError(`--${option}: there is nothing before or after one of the commas`);
  const twice = words?.find((word, index) => words.indexOf(word) < index);
  if (twice !== undefined) throw new UsageError(`--${option} names ${twice} twice`);
  return words;
}

/** The settings and sizes that were given, as far as a model has them. @throws UsageError for what it does not take */
function trainingSettingsOf(definition: ModelDefinition, args: Arguments, shape: Partial<ModelDefinition['training']>) {
  const { batch, length } = { ...definition.training, ...shape };
  // Models of whole pieces have no other length.
  const own = definition.training.length === 1 ? { batch, length: 1 } : { batch, length };
  return { ...own, settings: trainableSettings(definition, givenValues(settingsSchema(definition), args), own) };
}

/** @throws UsageError for a setting that none of the models has */
function requireKnown(args: Arguments, definitions: readonly ModelDefinition[]): void {
  const foreign = foreignOption(args, settingOptions(models), settingOptions(definitions));
  if (foreign === undefined) return;
  const names = definitions.map(({ name }) => name).join(', ');
  throw new UsageError(`--${foreign} is a setting of none of the models that are compared: ${names}`);
}

/**
 * Looks for songs before anything is trained: of two models, the second may have none after hours with the first.
 *
 * @throws CommandError if the data has none to learn from, or none to measure the model by
 */
function requireSongs({ definition, dataset, place, settings }: ComparedModel): void {
  const { cutting } = createModel(definition, settings).examples;
  for (const split of ['train', 'valid'] as const) {
    if (dataset.sequences(split).some((sequence) => cutting.unitsOf(sequence) > 0)) continue;
    throw new CommandError(
      `${place}: no song of its split ${split} is of use to ${definition.name}; prepare it again with more songs or another --valid-share, or leave out the model.`,
    );
  }
}
