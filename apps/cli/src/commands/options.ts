import { existsSync } from 'node:fs';
import {
  type Dataset,
  type DatasetOptions,
  datasetFromSongs,
  type Encoding,
  embeddedCorpus,
  encodings,
  findEncoding,
} from '@chipsmith/data';
import { openDataset } from '@chipsmith/data/node';
import type { Device, PreparationOptions } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import { type Arguments, type Options, text } from '../terminal/command.ts';
import { CommandError, UsageError } from '../terminal/errors.ts';
import { startPreparation } from '../terminal/progress.ts';
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
 * @throws KernelError without an adapter; CommandError for the one that computes nothing; the signal's reason once it
 *   is aborted
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

/**
 * The embedded corpus as a dataset. Its pulse 1 has the tunes as they were written; other voices are arranged by rule,
 * and in it by default where the encoding writes them.
 */
export function corpusDataset(encoding: Encoding, { voices = encoding.voices, ...options }: DatasetOptions): Dataset {
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
