import { datasetFromSongs, type Encoding, embeddedCorpus, findEncoding } from '@chipsmith/data';
import { afterAll, describe, expect, it } from 'vitest';
import {
  configure,
  createModel,
  decodeCheckpoint,
  encodeCheckpoint,
  evaluateCheckpoint,
  MemoryStore,
  ModelError,
  models,
  sample,
  type TrainOptions,
  train,
} from '../src/index.ts';
import { threadedBatches } from '../src/node.ts';
import { testDevice } from './support/device.ts';
import { abortedAfter } from './support/runs.ts';

/** Parameters of each model on each of its encodings at the source's settings. */
const PARAMETERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'basic-rnn': { melody: 221_990 },
  'mono-rnn': { mono: 280_962 },
  'lookback-rnn': { melody: 264_744 },
  'attention-rnn': { melody: 338_006 },
  'polyphony-rnn': { polyphony: 1_645_571 },
  'performance-rnn': { performance: 6_160_740, 'performance-velocity': 6_242_692 },
  'vgm-lstm': { 'note-vectors': 325_937 },
  'bitmap-autoencoder': { 'onset-bitmap': 11_154_304 },
  'convolutional-autoencoder': { 'onset-bitmap': 428_696 },
};

/** Settings of a model that learns a few songs by heart in seconds. */
const SMALL: Readonly<Record<string, { readonly settings: object; readonly steps: number }>> = {
  'basic-rnn': { settings: { layers: [48], dropout: 0 }, steps: 150 },
  'mono-rnn': { settings: { layers: [48], dropout: 0 }, steps: 150 },
  'lookback-rnn': { settings: { layers: [48], dropout: 0 }, steps: 150 },
  'attention-rnn': { settings: { layers: [48], dropout: 0 }, steps: 150 },
  'polyphony-rnn': { settings: { layers: [64], dropout: 0 }, steps: 150 },
  'performance-rnn': { settings: { layers: [64] }, steps: 200 },
  'vgm-lstm': { settings: { units: 64 }, steps: 200 },
  'bitmap-autoencoder': { settings: { barUnits: 16, barCode: 8, songUnits: 16, code: 8 }, steps: 40 },
  'convolutional-autoencoder': { settings: { channels: 4, code: 8 }, steps: 120 },
};

const device = await testDevice();
const before = device.allocated;
afterAll(() => expect(device.allocated).toEqual(before));

/** Melodies alone. */
const songs = embeddedCorpus().slice(0, 2);

describe.each(models)('$name', (definition) => {
  const { name, encodings, training } = definition;
  const encoding: Encoding = findEncoding(encodings[0]);
  const dataset = datasetFromSongs(songs, encoding, { validShare: 0 });
  const small = SMALL[name];
  const settings = configure(definition, { ...small.settings, optimiser: { learningRate: 0.02 } });

  const options = (changes: Partial<TrainOptions> = {}): TrainOptions & { readonly store: MemoryStore } => ({
    ...{ device, definition, settings, dataset, dataPlace: 'songs', resume: false, seed: 1 },
    ...{ batch: 4, length: Math.min(32, training.length), validTokens: 1000, validateEvery: 1000, patience: 0 },
    batchSource: threadedBatches,
    ...changes,
    store: new MemoryStore(),
  });

  it('has as many parameters as its source', () => {
    const counts = encodings.map((each) => [each, createModel(definition, {}, each).parameters.valueCount]);
    expect(Object.fromEntries(counts)).toEqual(PARAMETERS[name]);
  });

  it('learns a few songs by heart, and then writes what can be decoded and obeys the grammar', async () => {
    const run = options({ steps: small.steps });
    await train(run);
    const losses = run.store.metrics.map(({ loss }) => loss);
    expect(losses[losses.length - 1]).toBeLessThan(0.4 * losses[0]);
    const checkpoint = decodeCheckpoint(encodeCheckpoint(await run.store.load('latest')), 'memory');
    const { loss, weight } = await evaluateCheckpoint(device, checkpoint, dataset.sequences('train'));
    expect(loss).toBeLessThan(0.6 * losses[0]);
    expect(weight).toBeGreaterThan(0);
    const length = 2 * encoding.stepsPerBar;
    for (const { events, nll } of await sample(device, checkpoint, { count: 3, length, seed: 2, encoding })) {
      for (const [index, event] of events.entries()) {
        expect(encoding.allowedAfter(index === 0 ? undefined : events[index - 1])[event]).toBe(true);
      }
      if (nll !== undefined) expect(nll).toBeGreaterThan(0);
      expect(() => encoding.decode(events, { title: name })).not.toThrow();
    }
  });

  it('goes on after a stop with the parameters of a run that was not stopped', async () => {
    const shape = { steps: 6, validateEvery: 2 };
    const whole = options(shape);
    await train(whole);
    const cut = options(shape);
    expect((await train({ ...cut, signal: abortedAfter(3) })).reason).toBe('interrupted');
    await train({ ...cut, resume: true });
    const [resumed, uninterrupted] = [await cut.store.load('latest'), await whole.store.load('latest')];
    expect(resumed.state).toEqual(uninterrupted.state);
    expect(cut.store.metrics.at(-1)?.loss).toBe(whole.store.metrics.at(-1)?.loss);
  });

  it('refuses data in another encoding in one line', async () => {
    const other = findEncoding(encodings[0] === 'melody' ? 'mono' : 'melody');
    const training = train(options({ steps: 1, dataset: datasetFromSongs(songs, other, { validShare: 0 }) }));
    await expect(training).rejects.toThrow(
      new ModelError(
        `${name} learns ${encodings.join(' or ')}, not ${other.name}; prepare the data with --encoding ${encodings[0]}.`,
      ),
    );
  });
});
