import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetFromSongs, embeddedCorpus, findEncoding, melodyEncoding, PREDICTED_EVENTS } from '@chipsmith/data';
import { ancestors, type BytesByCategory } from '@chipsmith/kernels';
import { describe, expect, it } from 'vitest';
import {
  Batches,
  configure,
  createModel,
  evaluateCheckpoint,
  findModel,
  fitTraining,
  ModelError,
  models,
  type TrainingPlan,
  train,
  traineeOf,
  trainingMemory,
} from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { planTraining } from '../src/training/pass.ts';
import { abortedAfter, device, latest, metricsOf, newRun } from './support/runs.ts';
import { basicRnn, mixedDataset, tinyDataset, tinyMelody, tinySettings } from './support/tiny.ts';

const lengths = [32, 48, 64];
/** Sequences of about as many events, and longer ones. */
const dataset = mixedDataset();
const settings = configure(basicRnn, { layers: [16], dropout: 0.3 });
const mixed = (changes: Parameters<typeof newRun>[0] = {}) =>
  newRun({ dataset, settings, length: lengths, ...changes });
const bytesOf = (folder: string) => readFile(join(folder, 'checkpoints', 'latest.safetensors'));

describe('training with several lengths', () => {
  const options = { batch: 4, seed: 1, augmentation: null };
  const { examples } = createModel(basicRnn, tinySettings);
  const batches = (length: number | number[]) =>
    new Batches(dataset.sequences('train'), examples, melodyEncoding, { ...options, length });

  it('sees each sequence in the shortest length that holds it, and has less padding', () => {
    const { sampler } = batches(lengths);
    const longest = new Map<number, number>();
    for (let step = 0; step < 20 * sampler.stepsPerEpoch; step++) {
      const { length, windows } = sampler.at(step);
      for (const { events } of windows) longest.set(events.length, Math.max(longest.get(events.length) ?? 0, length));
    }
    for (const [events, length] of longest) {
      expect(length).toBe(lengths.find((each) => each >= events - 1) ?? 64);
    }
    expect(new Set(longest.values()).size).toBeGreaterThan(1);
    expect(sampler.padding).toBeLessThan(batches(64).sampler.padding);
  });

  it('takes the activations of the longest alone, as predicted to the byte, with and without a budget', async () => {
    const before = device.allocated;
    const trainee = traineeOf(basicRnn, settings, melodyEncoding);
    const asked = trainingMemory(trainee, { batch: 8, length: lengths }, { limits: device.limits }) ?? expect.fail();
    for (const budget of [undefined, asked.bytes - Math.ceil(asked.byCategory.activations / 3)]) {
      let told: { predicted: BytesByCategory; measured: BytesByCategory } | undefined;
      const plans: TrainingPlan[] = [];
      const onStart = (start: typeof told) => {
        told = start;
      };
      const run = mixed({ budget, batch: 8, steps: 8, onStart, onPlan: (plan) => plans.push(plan) });
      await train(run);
      expect(told?.measured).toEqual(told?.predicted);
      const { microBatch, recompute } = (await new RunFolder(run.folder).load('latest')).metadata.training;
      const shape = { batch: 8, microBatch, length: 64 };
      const alone = trainingMemory(trainee, shape, { limits: device.limits, recompute });
      expect(told?.predicted.activations).toBe(alone?.byCategory.activations);
      if (budget === undefined) expect(plans[0]).toMatchObject({ microBatch: 8, recomputed: 0 });
      else expect(Object.values(told?.measured ?? {}).reduce((sum, bytes) => sum + bytes)).toBeLessThanOrEqual(budget);
      expect(device.allocated).toEqual(before);
    }
  });

  it('is refused with a length that fits where none of the memory does', async () => {
    const trainee = traineeOf(basicRnn, settings, melodyEncoding);
    await expect(fitTraining(trainee, { batch: 2, length: lengths }, 1)).rejects.toThrow(
      /^Training with batch 2 and length 32,48,64 needs at least \d/,
    );
  });

  it('is resumed bit for bit, and its checkpoint keeps the lengths', async () => {
    const [whole, cut] = [mixed({ steps: 14, validateEvery: 4 }), mixed({ steps: 14, validateEvery: 4 })];
    await train(whole);
    await train({ ...cut, length: [64, 32, 48, 32], signal: abortedAfter(5) });
    await train({ ...cut, length: 7, resume: true, signal: abortedAfter(2) });
    await train({ ...cut, resume: true });
    expect((await bytesOf(cut.folder)).equals(await bytesOf(whole.folder))).toBe(true);
    const checkpoint = await new RunFolder(whole.folder).load('best');
    expect(checkpoint.metadata.training.length).toEqual(lengths);
    const { loss } = await evaluateCheckpoint(device, checkpoint, dataset.sequences('valid'));
    expect(loss).toBeCloseTo(checkpoint.metadata.training.best?.loss ?? 0, 5);
    for (const { loss: each } of await metricsOf(whole.folder)) expect(each).toBeGreaterThan(0);
  });

  it('computes what training with one of them does where all sequences fit that', async () => {
    const short = tinyDataset(6, (start) => tinyMelody(start));
    const [one, several] = [32, [32, 64]].map((length) => mixed({ dataset: short, length }));
    for (const run of [one, several]) await train(run);
    expect((await latest(several.folder)).state).toEqual((await latest(one.folder)).state);
  });

  it('writes of a single length what it does of a number', async () => {
    const [number, list] = [32, [32]].map((length) => mixed({ length }));
    for (const run of [number, list]) await train(run);
    expect((await bytesOf(list.folder)).equals(await bytesOf(number.folder))).toBe(true);
  });

  it.each([
    ['vgm-lstm', 'vgm-lstm sees windows of one length, not of 32 and 48 and 64; give --length one number.'],
    ['bitmap-autoencoder', 'bitmap-autoencoder sees whole sequences, whatever their length; leave out --length.'],
  ])('is refused by %s', async (name, message) => {
    const definition = findModel(name);
    const songs = datasetFromSongs(embeddedCorpus().slice(0, 4), findEncoding(definition.encodings[0]));
    const run = mixed({ definition, settings: configure(definition, {}), dataset: songs });
    await expect(train(run)).rejects.toThrow(new ModelError(message));
  });

  it.each(
    models.filter((model) => {
      const { cutting } = createModel(model).examples;
      return cutting === PREDICTED_EVENTS;
    }),
  )('of $name computes the same segments again in all lengths', (definition) => {
    const encoding = findEncoding(definition.encodings[0]);
    const trainee = traineeOf(definition, configure(definition, {}), encoding);
    // Segments are positions in the trace of the forward pass.
    const [one, other] = [8, 24].map((length) =>
      ancestors(planTraining(trainee, { batch: 2, length }).loss).map(({ operation }) => operation.name),
    );
    expect(other).toEqual(one);
  });
});
