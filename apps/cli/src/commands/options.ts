import {
  type Dataset,
  type DatasetOptions,
  datasetFromSongs,
  type Encoding,
  embeddedCorpus,
  findEncoding,
  openDataset,
} from '@chipsmith/data';
import { configure, type ModelConfiguration, type ModelDefinition } from '@chipsmith/models';
import type { ArgsDef } from 'citty';
import { type Arguments, integer, number, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';

export const adapterOption = {
  adapter: {
    type: 'string',
    valueHint: 'name',
    description: 'auto, gles (on the CPU), null (computes nothing), vulkan, metal, d3d12, or a part of an adapter name',
  },
} satisfies ArgsDef;

/** Settings of a model, shared by train and plan. */
export const modelOptions = {
  model: { type: 'string', valueHint: 'name', default: 'basic-rnn', description: 'see chipsmith models' },
  layers: { type: 'string', valueHint: 'units', description: 'units of each LSTM layer, such as 256,256' },
  dropout: { type: 'string', valueHint: '0..0.95', description: 'share of layer outputs dropped in training' },
  'learning-rate': { type: 'string', valueHint: 'rate', description: 'of Adam' },
  'clip-norm': { type: 'string', valueHint: 'norm', description: 'global norm to which gradients are clipped' },
  batch: { type: 'string', valueHint: 'n', description: 'sequences side by side in a training step' },
  length: { type: 'string', valueHint: 'events', description: 'events of each sequence in a training step' },
} satisfies ArgsDef;

/** The model's configuration from the options given; everything else is the model's default. */
export function configurationOf(args: Arguments, definition: ModelDefinition): ModelConfiguration {
  const learningRate = number(args, 'learning-rate', { least: 0 });
  const clipNorm = number(args, 'clip-norm', { least: 0 });
  const dropout = number(args, 'dropout', { least: 0, most: 0.95 });
  const layers = text(args, 'layers');
  return configure(definition, {
    ...(layers !== undefined && { layers: integers(layers, 'layers') }),
    ...(dropout !== undefined && { dropout }),
    optimiser: {
      ...(learningRate !== undefined && { learningRate }),
      ...(clipNorm !== undefined && { clipNorm }),
    },
  });
}

/** "256,256" -> [256, 256]. @throws UsageError */
export function integers(list: string, option: string): number[] {
  const numbers = list.split(',').map((part) => Number(part.trim()));
  if (list.trim() !== '' && numbers.every(Number.isSafeInteger)) return numbers;
  throw new UsageError(`--${option} must be whole numbers with commas, such as 60,62,64, not "${list}"`);
}

export function shapeOf(args: Arguments, definition: ModelDefinition): { batch: number; length: number } {
  return {
    batch: integer(args, 'batch', 1) ?? definition.training.batch,
    length: integer(args, 'length', 1) ?? definition.training.length,
  };
}

/** The word that stands for the embedded corpus where a dataset folder could be named. */
export const CORPUS = 'corpus';

/** A dataset folder, or the embedded corpus in the encoding asked for. */
export async function datasetOf(place: string, encoding: string): Promise<Dataset> {
  return place === CORPUS ? corpusDataset(findEncoding(encoding), {}) : openDataset(place);
}

/** The embedded corpus as a dataset. Its pulse 1 has the tunes as they were written; other voices are arranged by rule. */
export function corpusDataset(encoding: Encoding, { voices = ['pulse1'], ...options }: DatasetOptions): Dataset {
  return datasetFromSongs(embeddedCorpus(), encoding, { ...options, voices });
}

/** "6GB", "512MiB", "800MB" -> bytes. @throws UsageError */
export function bytesOf(args: Arguments, name: string): number | undefined {
  const value = text(args, name);
  if (value === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)\s*([KMG])(i?)B?$/i.exec(value.trim());
  if (match === null) throw new UsageError(`--${name} must be a size such as 6GB or 512MiB, not "${value}"`);
  const base = match[3] === '' ? 1000 : 1024;
  return Math.floor(Number(match[1]) * base ** ('KMG'.indexOf(match[2].toUpperCase()) + 1));
}
