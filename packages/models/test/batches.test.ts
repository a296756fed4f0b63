import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AugmentationName,
  arrangeMelody,
  DataError,
  datasetFromSongs,
  embeddedCorpus,
  melodyEncoding,
  sequenceOf,
} from '@chipsmith/data';
import { openDataset, writeDataset } from '@chipsmith/data/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Batch, Batches, type BatchSource, createModel } from '../src/index.ts';
import { threadedBatches } from '../src/node.ts';
import { temporaryFolder } from './support/folder.ts';
import { basicRnn, tinySettings } from './support/tiny.ts';

const folder = await temporaryFolder();
const { examples } = createModel(basicRnn);

describe('batches of events to predict', () => {
  it('have at each position the next event of the same sequence, and mask the rest', () => {
    const size = fc.integer({ min: 1, max: 12 });
    const starts = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 2, max: 17 })), {
      minLength: 1,
    });
    fc.assert(
      fc.property(starts, size, size, fc.nat(20), (sequences, batch, length, step) => {
        const rising = sequences.map(([first, count]) =>
          sequenceOf(Array.from({ length: count }, (_, at) => first + at)),
        );
        const options = { batch, length, seed: 5, augmentation: null };
        const { fields, lanes, weight } = new Batches(rising, examples, melodyEncoding, options).at(step);
        const { inputs, targets, mask } = fields;
        expect([inputs.length, targets.length, mask.length]).toEqual(new Array(3).fill(batch * length));
        expect([lanes, weight]).toEqual([batch, [...mask].reduce((sum, each) => sum + each, 0)]);
        for (let lane = 0; lane < batch; lane++) {
          const at = (time: number) => time * batch + lane;
          expect(mask[at(0)]).toBe(1);
          for (let time = 0; time < length; time++) {
            if (mask[at(time)] === 0) {
              expect([inputs[at(time)], targets[at(time)]]).toEqual([0, 0]);
            } else {
              expect(targets[at(time)]).toBe(inputs[at(time)] + 1);
              if (time > 0) expect(inputs[at(time)]).toBe(targets[at(time - 1)]);
            }
          }
        }
      }),
    );
  });
});

describe('threadedBatches', () => {
  const dataset = datasetFromSongs(
    embeddedCorpus()
      .slice(0, 12)
      .map((tune, seed) => arrangeMelody(tune, { seed })),
    melodyEncoding,
  );
  const options = { batch: 4, length: 16, seed: 5, augmentation: null };
  const order = { dataset, model: 'basic-rnn', settings: tinySettings, options, step: 0 };
  const take = async (source: BatchSource, count: number) => {
    const batches: Batch[] = [];
    while (batches.length < count) batches.push(await source.next());
    await source.close();
    return batches;
  };
  const expected = (augmentation: AugmentationName | null = null) => {
    const batches = new Batches(dataset.sequences('train'), examples, melodyEncoding, { ...options, augmentation });
    return Array.from({ length: 20 }, (_, step) => batches.at(step));
  };

  it('gives the batches that training itself would make, from memory and from disk', async () => {
    const file = join(folder, 'songs');
    await writeDataset(dataset, file);
    for (const opened of [dataset, await openDataset(file), await openDataset(file, 0)]) {
      const source = threadedBatches({ ...order, dataset: opened, step: 3 });
      expect(await take(source, 17)).toEqual(expected().slice(3));
    }
  });

  it('changes sequences in a thread', async () => {
    const source = threadedBatches({ ...order, options: { ...options, augmentation: 'lakhnes' } });
    const batches = await take(source, 20);
    expect(batches).toEqual(expected('lakhnes'));
    expect(batches).not.toEqual(expected());
    expect(source.secondsWaited).toBeGreaterThan(0);
  });

  it('says in one line that the dataset on disk has been replaced', async () => {
    const file = join(folder, 'replaced');
    await writeDataset(dataset, file);
    const opened = await openDataset(file, 0);
    writeFileSync(join(file, 'train.events.u16'), new Uint8Array(1e5));
    const source = threadedBatches({ ...order, dataset: opened });
    const next = source.next();
    await expect(next).rejects.toBeInstanceOf(DataError);
    await expect(next).rejects.toThrow(/train\.events\.u16: changed while it was in use; start again/);
    await source.close();
    rmSync(file, { recursive: true });
    expect(() => opened.sequences('valid')[0].read()).toThrow(/valid\.events\.u16: there is no such file or folder/);
  });
});
