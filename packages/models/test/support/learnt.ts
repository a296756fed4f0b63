import { datasetFromSongs, embeddedCorpus, findEncoding } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, configure, findModel, MemoryStore, train } from '../../src/index.ts';
import { threadedBatches } from '../../src/node.ts';

/** A model that has seen two embedded tunes some times, with their sequences. */
export async function learntTunes(
  device: Device,
  name: string,
  settings: object,
  { steps, length }: { readonly steps: number; readonly length: number },
) {
  const definition = findModel(name);
  const encoding = findEncoding(definition.encodings[0]);
  const dataset = datasetFromSongs(embeddedCorpus().slice(0, 2), encoding, { validShare: 0 });
  const store = new MemoryStore();
  await train({
    ...{ device, definition, settings: configure(definition, settings), dataset, dataPlace: 'songs', store },
    ...{ batchSource: threadedBatches, resume: false, batch: 4, length, steps, seed: 1 },
    ...{ validateEvery: 1000, validTokens: 1000, patience: 0 },
  });
  return { encoding, dataset, sequences: dataset.sequences('train'), checkpoint: await store.load('latest') };
}

/** The values of a slot of the parameters or, of batch norm, the statistics. */
export function valuesOf({ model, state }: Checkpoint): (name: string) => Float32Array {
  const named = [
    ...model.parameters.slots.map(({ name }, index) => [name, state.parameters[index]] as const),
    ...(model.statistics?.slots ?? []).map(({ name }, index) => [name, state.statistics[index]] as const),
  ];
  const values = new Map(named);
  return (name) => {
    const found = values.get(name);
    if (found === undefined) throw new Error(`The model has no slot ${name}.`);
    return found;
  };
}
