import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, datasetFromSongs, embeddedCorpus, melodyEncoding } from '@chipsmith/data';
import { openDataset, writeDataset } from '@chipsmith/data/node';
import { describe, expect, it } from 'vitest';
import { configure, createModel, ModelError, requireTrainable, type TrainOptions, train } from '../src/index.ts';
import { device, newRun, root } from './support/runs.ts';
import { basicRnn, tinyDataset } from './support/tiny.ts';

describe('train refuses', () => {
  const refused = async (options: TrainOptions, error: string | DataError) => {
    const before = device.allocated;
    const training = train(options);
    const expected = typeof error === 'string' ? new ModelError(error) : error;
    await expect(training).rejects.toBeInstanceOf(expected.constructor);
    await expect(training).rejects.toThrow(expected);
    expect(device.allocated).toEqual(before);
  };

  it('a folder with something in it', async () => {
    const options = newRun({ steps: 1 });
    await train(options);
    await refused(
      options,
      `${options.folder}: the folder is not empty; go on with --resume or choose another --run folder.`,
    );
  });

  it('a model that would be larger in a checkpoint than what can be read back, as with a moving average', () => {
    const trainable = (average: number) => {
      const settings = configure(basicRnn, { layers: [5800], optimiser: { average } });
      requireTrainable(basicRnn, { settings, model: createModel(basicRnn, settings) }, { length: 8 });
    };
    expect(() => trainable(0)).not.toThrow();
    expect(() => trainable(0.9)).toThrow(
      /^basic-rnn: \d+ parameters are more than a checkpoint can hold \(133500000\); choose a smaller model/,
    );
  });

  it('to resume where nothing was trained', async () => {
    const options = newRun({ resume: true });
    await refused(options, `${options.folder}: has no checkpoint "latest"; train there first, or check --run.`);
  });

  it('to resume what is done', async () => {
    const options = newRun({ steps: 2 });
    await train(options);
    await refused({ ...options, resume: true }, `${options.folder}: has 2 steps already; ask for more with --steps.`);
  });

  it('to resume on other data', async () => {
    const options = newRun({ steps: 1 });
    await train(options);
    const dataset = tinyDataset(5);
    const resumed = { ...options, dataset, resume: true, steps: 2 };
    await refused(
      resumed,
      `${options.folder}: was trained on other data; resume with the same --data, or start a new run.`,
    );
    // The same data under another path is the same data.
    const place = join(root, 'dataset');
    await writeDataset(options.dataset, place);
    await train({ ...resumed, dataset: await openDataset(place) });
  });

  it('changes that the encoding undoes', async () => {
    await refused(
      newRun({ augmentation: 'lakhnes', dataset: datasetFromSongs(embeddedCorpus().slice(0, 40), melodyEncoding) }),
      'Training: --augment lakhnes changes next to nothing in melody, which brings songs into one key and tempo; leave it out.',
    );
  });

  it('data in another encoding', async () => {
    const dataset = tinyDataset();
    const { manifest } = dataset;
    const other = new Proxy(dataset, {
      get: (target, key) =>
        key === 'manifest'
          ? { ...manifest, encoding: { ...manifest.encoding, name: 'score' } }
          : Reflect.get(target, key),
    });
    const options = newRun({ dataset: other });
    await refused(options, 'basic-rnn learns melody, not score; prepare the data with --encoding melody.');
    expect(await exists(options.folder)).toBe(false);
  });

  it.each([
    ['no steps', { steps: 0 }, 'steps: Too small: expected number to be >=1'],
    ['no time', { minutes: 0 }, 'minutes: Too small: expected number to be >=0.016666666666666666'],
    ['no validations', { validateEvery: 0 }, 'validateEvery: Too small: expected number to be >=1'],
    ['half a patience', { patience: 0.5 }, 'patience: Invalid input: expected int, received number'],
    ['a batch that nobody has', { batch: 1e9 }, 'batch: Too big: expected number to be <=65536'],
    [
      'more events than a batch can have',
      { batch: 65_536, length: 512 },
      'batch 65536 times length 512 is more than 16777216 events',
    ],
    ['a micro-batch that does not divide', { microBatch: 3 }, 'micro-batch 3 does not divide batch 4'],
    ['hundreds of parts', { batch: 128, microBatch: 1 }, 'micro-batch 1 cuts batch 128 into 128 parts, 64 are allowed'],
    ['a seed of 33 bits', { seed: 2 ** 32 }, 'seed: Too big: expected number to be <=4294967295'],
    ['a budget of nothing', { budget: 0 }, 'budget: Too small: expected number to be >=1'],
  ])('%s', async (_, wrong, message) => {
    await refused(newRun(wrong), `Training: ${message}; choose another value.`);
  });

  it('to train without an end', async () => {
    const message = 'Training: neither steps nor minutes are given; say how long to train.';
    await refused({ ...newRun(), steps: undefined }, message);
  });

  it('a model whose checkpoints could not be read, before its values are made', async () => {
    const settings = configure(basicRnn, { layers: [8192, 8192, 8192] });
    const { valueCount } = createModel(basicRnn, settings).parameters;
    await refused(
      newRun({ settings }),
      `basic-rnn: ${valueCount} parameters are more than a checkpoint can hold (178000000); choose a smaller model.`,
    );
  });

  it('a file for a folder', async () => {
    const path = join(root, 'file');
    await writeFile(path, 'here');
    for (const folder of [path, join(path, 'run')]) {
      await refused(newRun({ folder }), new DataError(folder, 'a part of the path is a file', 'check the path'));
    }
  });
});

async function exists(folder: string): Promise<boolean> {
  return (await readdir(root)).includes(folder.slice(root.length + 1));
}
