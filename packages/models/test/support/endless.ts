import type { Device } from '@chipsmith/kernels';
import { configure, type TrainOptions } from '../../src/index.ts';
import { basicRnn, freshCheckpoint, mixedDataset, tinyOptions } from './tiny.ts';

/** With dropout and a moving average, so that all that a step depends on and all that is kept has to be right. */
const settings = configure(basicRnn, { layers: [8], dropout: 0.3, optimiser: { learningRate: 0.01, average: 0.9 } });

const kinds = {
  'from random values': {},
  'with mixed lengths': { dataset: mixedDataset(), length: [32, 48, 64] },
  'from another run': { from: { name: 'another', checkpoint: freshCheckpoint(settings, 7) } },
} satisfies Record<string, Partial<TrainOptions>>;

export type Kind = keyof typeof kinds;

/** A training that saves a checkpoint every other step: some steps of one that is killed are lost. */
export function endlessOptions(device: Device, folder: string, kind: Kind): TrainOptions {
  return { ...tinyOptions(device, folder), settings, validateEvery: 2, ...kinds[kind] };
}
