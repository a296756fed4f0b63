import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetFromSongs, embeddedCorpus, monoEncoding } from '@chipsmith/data';
import { startingValues } from '@chipsmith/kernels';
import { describe, expect, it } from 'vitest';
import {
  configure,
  findModel,
  learningWarning,
  MemoryStore,
  ModelError,
  type StartingPoint,
  settingsFrom,
  train,
} from '../src/index.ts';
import { RunFolder, startingPointAt } from '../src/node.ts';
import { learntTunes } from './support/learnt.ts';
import { abortedAfter, device, latest, newRun, root } from './support/runs.ts';
import { tinyDataset, tinyMelody } from './support/tiny.ts';

const source = newRun({ steps: 9 });
await train(source);
const from = await startingPointAt(source.folder);
const best = from.checkpoint.metadata.training.step;

/** The same scale downwards. */
const otherData = tinyDataset(6, (start) => tinyMelody(start).toReversed());
const fineTuned = (changes: Parameters<typeof newRun>[0] = {}) => newRun({ from, dataset: otherData, ...changes });

/** A checkpoint of the source with other settings of the optimiser, as it stands after some steps. */
async function trainedWith(optimiser: object, name: string): Promise<StartingPoint> {
  const options = newRun({ settings: settingsFrom(from.checkpoint, optimiser), steps: 4 });
  await train(options);
  return { name, checkpoint: await new RunFolder(options.folder).load('latest') };
}

describe('a training that starts from another run', () => {
  it('has its best parameters, an optimiser that has seen nothing, and facts of the new data', async () => {
    const options = fineTuned({ signal: abortedAfter(0) });
    await train(options);
    const { metadata, state } = await new RunFolder(options.folder).load('latest');
    expect(state.parameters).toEqual(from.checkpoint.state.parameters);
    expect(new Set([...state.firstMoment, ...state.secondMoment].flatMap((values) => [...values]))).toEqual(
      new Set([0]),
    );
    expect(metadata).toMatchObject({
      dataFingerprint: otherData.manifest.fingerprint,
      training: { step: 0, from: { name: 'run-0', step: best, dataFingerprint: source.dataset.manifest.fingerprint } },
    });
    const config = await readFile(join(options.folder, 'config.json'), 'utf8');
    expect(config).not.toContain(root);
    expect(JSON.parse(config).training.from.name).toBe('run-0');
  });

  it('tells the loss that it came with, which is the best until training lowers it', async () => {
    const told: unknown[] = [];
    const options = fineTuned({
      // So slow that nothing changes: no validation is better than the first.
      settings: settingsFrom(from.checkpoint, { learningRate: 1e-30 }),
      onProgress: ({ step, valid }) => told.push([step, valid]),
    });
    const { best, from: origin, baseline } = await train(options);
    expect(best).toEqual({ step: 0, loss: origin?.loss });
    expect(told).toEqual([3, 6].map((step) => [step, { step, loss: origin?.loss }]));
    const kept = await new RunFolder(options.folder).load('best');
    expect(kept.state.parameters).toEqual(from.checkpoint.state.parameters);
    expect(learningWarning({ step: 0, best, baseline: Math.max(baseline ?? 0, 99) }, 'nats')).toBeUndefined();
    const improved = await train(fineTuned({ steps: 30 }));
    expect(improved.from?.loss).toBe(origin?.loss);
    expect(improved.best?.loss).toBeLessThan(origin?.loss ?? 0);
  });

  it('ends after so many validations without a better one than the first', async () => {
    const settings = settingsFrom(from.checkpoint, { learningRate: 1e-30 });
    const options = fineTuned({ settings, steps: 100, validateEvery: 2, patience: 3 });
    expect(await train(options)).toMatchObject({ step: 6, reason: 'no improvement' });
    // It has ended, and resuming does not make it go on.
    expect(await train({ ...options, resume: true })).toMatchObject({ step: 6, reason: 'no improvement' });
    expect((await latest(options.folder)).step).toBe(6);
  });

  it('is resumed bit for bit without the other run, from its start on', async () => {
    const whole = fineTuned();
    await train(whole);
    const cut = fineTuned();
    for (const [resume, steps] of [
      [false, 0],
      [true, 2],
      [true, 2],
    ] as const) {
      await train({ ...cut, ...(resume && { from: undefined }), resume, signal: abortedAfter(steps) });
    }
    await train({ ...cut, from: undefined, resume: true });
    for (const name of ['latest', 'best']) {
      const [one, other] = [cut, whole].map(({ folder }) => join(folder, 'checkpoints', `${name}.safetensors`));
      expect(await readFile(one)).toEqual(await readFile(other));
    }
  });

  it('judges its start once it is resumed, where it was killed before', async () => {
    const options = fineTuned({ signal: abortedAfter(0) });
    await train(options);
    const run = new RunFolder(options.folder);
    const { metadata, ...rest } = await run.load('latest');
    const { from: origin, ...training } = metadata.training;
    const unjudged = { ...metadata, training: { ...training, best: null, from: origin && { ...origin, loss: null } } };
    await run.save(['latest'], { ...rest, metadata: unjudged });
    await rm(join(options.folder, 'checkpoints', 'best.safetensors'));
    const result = await train({ ...options, signal: undefined, resume: true, from: undefined });
    expect(result.from).toEqual(origin);
  });

  it('takes the moving average that music is made with, also into a training with another optimiser', async () => {
    const averaged = await trainedWith({ average: 0.9 }, 'averaged');
    expect(averaged.checkpoint.state.average).not.toEqual(averaged.checkpoint.state.parameters);
    const settings = settingsFrom(averaged.checkpoint, { average: 0, algorithm: 'sgd', learningRate: 0.1 });
    const options = fineTuned({ from: averaged, settings, signal: abortedAfter(0) });
    await train(options);
    const { state } = await latest(options.folder);
    expect(state.parameters).toEqual(averaged.checkpoint.state.average);
    expect(Object.keys(state)).toEqual(['parameters', 'velocity']);
  });

  it('takes statistics too', async () => {
    const settings = { barUnits: 24, barCode: 12, songUnits: 24, code: 6 };
    const { checkpoint, dataset } = await learntTunes(device, 'bitmap-autoencoder', settings, { steps: 2, length: 1 });
    const store = new MemoryStore();
    const options = newRun({ ...{ dataset, store, length: 1, signal: abortedAfter(0) } });
    const definition = findModel('bitmap-autoencoder');
    await train({ ...options, definition, settings: checkpoint.settings, from: { name: 'tunes', checkpoint } });
    const { state } = await store.load('latest');
    expect(state.statistics).toEqual(checkpoint.state.statistics);
    expect(state.statistics).not.toEqual(startingValues(checkpoint.model.statistics ?? expect.fail(), 1));
  });
});

describe('a training does not start from', () => {
  const refused = async (changes: Parameters<typeof newRun>[0], message: string) => {
    const options = fineTuned({ store: new MemoryStore(), ...changes });
    await expect(train(options)).rejects.toThrow(new ModelError(message));
  };

  it('a checkpoint of another model', async () => {
    const definition = findModel('lookback-rnn');
    await refused(
      { definition, settings: configure(definition, {}) },
      'Training: run-0 is a checkpoint of basic-rnn, not of lookback-rnn; start from another, or train basic-rnn.',
    );
  });

  it('one that has other settings', async () => {
    await refused(
      { settings: { ...source.settings, layers: [9] } },
      'Training: layers is [8] in run-0 and cannot become [9]; leave it out, or train a new model.',
    );
  });

  it('one that knows another encoding', async () => {
    const definition = findModel('mono-rnn');
    const settings = configure(definition, { layers: [4] });
    const options = newRun({
      definition,
      settings,
      dataset: datasetFromSongs(embeddedCorpus().slice(0, 6), monoEncoding),
      steps: 1,
    });
    await train(options);
    const { metadata, ...rest } = (await startingPointAt(options.folder)).checkpoint;
    const older = { ...metadata, encoding: { ...metadata.encoding, version: 7 } };
    await refused(
      { ...options, store: new MemoryStore(), from: { name: 'older', checkpoint: { ...rest, metadata: older } } },
      `The model learnt events of mono 7, got mono ${metadata.encoding.version}; use data in mono 7, or retrain.`,
    );
  });

  it('nothing', async () => {
    const remedy = 'name the folder of a trained run, or a checkpoint file';
    const place = join(root, 'nowhere');
    await expect(startingPointAt(place)).rejects.toThrow(
      new ModelError(`${place}: there is no such run or checkpoint; ${remedy}.`),
    );
    await expect(startingPointAt(root)).rejects.toThrow(
      new ModelError(`${root}: has no checkpoint "best"; ${remedy}.`),
    );
    const file = join(source.folder, 'config.json');
    await expect(startingPointAt(file)).rejects.toThrow(ModelError);
    const { name, checkpoint } = await startingPointAt(join(source.folder, 'checkpoints', 'latest.safetensors'));
    expect([name, checkpoint.metadata.training.step]).toEqual(['latest.safetensors', 9]);
  });
});
