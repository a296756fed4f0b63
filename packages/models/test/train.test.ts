import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dataset, melodyEncoding } from '@chipsmith/data';
import { type BytesByCategory, startingValues } from '@chipsmith/kernels';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  Batches,
  createModel,
  evaluateCheckpoint,
  lengthsOf,
  MemoryStore,
  ModelError,
  type TrainingPlan,
  train,
} from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { predict } from './support/reference.ts';
import { abortedAfter, device, latest, metricsOf, newRun } from './support/runs.ts';
import { basicRnn, tinyDataset, tinyMelody, tinySettings } from './support/tiny.ts';

describe('train', () => {
  it('overfits a tiny dataset: the scale that goes round, to less than 0.05 nats an event', async () => {
    const options = newRun({ steps: 150, validateEvery: 50 });
    const result = await train(options);
    expect(result.reason).toBe('finished');
    const metrics = await metricsOf(options.folder);
    expect(metrics[0].loss).toBeGreaterThan(2);
    expect(metrics[metrics.length - 1].loss).toBeLessThan(0.05);
    // Every melody of the dataset is the same scale, so that what was learnt holds for the valid songs too.
    const checkpoint = await new RunFolder(options.folder).load('best');
    expect(checkpoint.metadata.training.best).toEqual(result.best);
    const valid = options.dataset.sequences('valid');
    const { loss, measures } = await evaluateCheckpoint(device, checkpoint, valid);
    expect(loss).toBeCloseTo(result.best?.loss ?? Number.NaN, 6);
    expect(loss).toBeLessThan(0.05);
    expect(measures.accuracy).toBe(1);
  });

  it('has in each step the loss of the float64 reference over the windows of that step, and moves as Adam does', async () => {
    const options = newRun({ validateEvery: 1 });
    const { batch, seed, dataset } = options;
    const [length] = lengthsOf(options);
    const events = dataset.sequences('train');
    const examples = createModel(basicRnn, tinySettings).examples;
    const batches = new Batches(events, examples, melodyEncoding, { batch, length, seed, augmentation: null });
    await train({ ...options, signal: abortedAfter(0) });
    for (const step of [1, 2, 3]) {
      const before = await new RunFolder(options.folder).load('latest');
      await train({ ...options, resume: true, steps: step });
      const { inputs, targets } = batches.at(step - 1).fields;
      const losses = Array.from({ length: batch }, (_, lane) => {
        const window = Array.from({ length }, (__, time) => inputs[time * batch + lane]);
        return predict(before, [...window, targets[(length - 1) * batch + lane]]).nll;
      }).flat();
      const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
      const metrics = await metricsOf(options.folder);
      expect(metrics[step - 1].loss).toBeCloseTo(mean, 5);
      if (step > 1) continue;
      // Adam's first step is the learning rate, 0.03, in the direction of the gradient, whatever its size.
      const after = await latest(options.folder);
      const moves = after.state.parameters.map((values, slot) =>
        values.map((value, index) => Math.abs(value - before.state.parameters[slot][index])),
      );
      for (const slot of moves) expect(Math.max(...slot)).toBeCloseTo(0.03, 4);
    }
  });

  it('writes the run folder: settings, one line a logged step, two checkpoints', async () => {
    const options = newRun({ steps: 12, validateEvery: 4 });
    await train(options);
    expect((await readdir(options.folder, { recursive: true })).sort()).toEqual([
      'checkpoints',
      join('checkpoints', 'best.safetensors'),
      join('checkpoints', 'latest.safetensors'),
      'config.json',
      'device.json',
      'metrics.jsonl',
    ]);
    const run = new RunFolder(options.folder);
    expect(await run.dataPlace()).toBe('songs');
    const { metadata } = await run.load('latest');
    expect(metadata).toMatchObject({
      model: 'basic-rnn',
      configuration: tinySettings,
      encoding: options.dataset.manifest.encoding,
      dataFingerprint: options.dataset.manifest.fingerprint,
      training: { seed: 1, batch: 4, length: 8, step: 12 },
    });
    // Logged every 10 steps, at validations (every 4) and at the end.
    const metrics = await metricsOf(options.folder);
    expect(metrics.map(({ step, valid }) => [step, valid !== undefined])).toEqual([
      [4, true],
      [8, true],
      [10, false],
      [12, true],
    ]);
    for (const { gradientNorm, tokensPerSecond } of metrics) {
      expect(gradientNorm).toBeGreaterThan(0);
      expect(tokensPerSecond).toBeGreaterThan(0);
    }
    expect(metadata.training.best?.loss).toBe(
      Math.min(...metrics.map(({ valid }) => valid?.loss ?? Number.POSITIVE_INFINITY)),
    );
  });

  it('takes the memory that was planned, and gives it back', async () => {
    const before = device.allocated;
    let told: { predicted: BytesByCategory; measured: BytesByCategory } | undefined;
    const plans: unknown[] = [];
    const onPlan = ({ predicted }: TrainingPlan) => plans.push([predicted, device.allocated]);
    await train(newRun({ steps: 1, onPlan, onStart: (start) => (told = start) }));
    expect(told?.measured).toEqual(told?.predicted);
    expect(plans).toEqual([[told?.predicted, before]]);
    expect(told?.predicted.optimiser).toBe(2 * (told?.predicted.parameters ?? 0));
    expect(device.allocated).toEqual(before);
  });

  it('ends with the reason of an abort while kernels are made ready, and leaves neither memory nor folder', async () => {
    const before = device.allocated;
    // The second start of compiling is that of validation.
    for (const program of [1, 2]) {
      const controller = new AbortController();
      let starts = 0;
      const onPreparation = ({ done }: { done: number }) => {
        if (done === 0 && ++starts === program) controller.abort(new Error('enough'));
      };
      const options = newRun({ steps: 1, onPreparation, signal: controller.signal });
      await expect(train(options)).rejects.toThrow('enough');
      expect(starts).toBe(program);
      expect(device.allocated).toEqual(before);
      expect(existsSync(options.folder)).toBe(false);
    }
  });

  it('gives the same bytes for the same seed, and others for another', async () => {
    const [first, second, third] = [newRun(), newRun(), newRun({ seed: 2 })];
    for (const options of [first, second, third]) await train(options);
    const bytesOf = ({ folder }: { folder: string }) => readFile(join(folder, 'checkpoints', 'latest.safetensors'));
    expect(await bytesOf(second)).toEqual(await bytesOf(first));
    expect(await bytesOf(third)).not.toEqual(await bytesOf(first));
  });

  it('tells its progress, and the validation before it', async () => {
    const told: unknown[] = [];
    await train(newRun({ onProgress: ({ step, steps, valid }) => told.push([step, steps, valid?.step]) }));
    expect(told).toEqual([
      [3, 6, 3],
      [6, 6, 6],
    ]);
  });

  it('does without a valid split: every checkpoint is the best', async () => {
    const options = newRun({ dataset: tinyDataset(1), patience: 1 });
    expect(options.dataset.sequences('valid')).toEqual([]);
    expect(await train(options)).toEqual({ step: 6, reason: 'finished', best: null, baseline: null });
    expect((await new RunFolder(options.folder).load('best')).metadata.training.step).toBe(6);
  });

  it('stops when validation has not got better for as long as patience says', async () => {
    // The valid songs run the scale downwards: the better the training songs are known, the worse they go.
    const dataset = tinyDataset(6);
    const downwards = tinyDataset(6, (start) => tinyMelody(start).toReversed());
    const shards = { train: dataset.shard('train'), valid: downwards.shard('valid'), test: dataset.shard('test') };
    const turned = new Dataset(dataset.manifest, dataset.report, shards);
    const options = newRun({ dataset: turned, steps: 200, validateEvery: 5, patience: 2 });
    const { step, reason, best } = await train(options);
    expect(reason).toBe('no improvement');
    expect(step).toBe((best?.step ?? 0) + 10);
    const run = new RunFolder(options.folder);
    expect((await run.load('best')).metadata.training.step).toBe(best?.step);
    expect((await run.load('latest')).metadata.training.step).toBe(step);
  });

  it.each([
    ['at a validation', { validateEvery: 1 }, 1],
    ['at the last step', { steps: 4, validateEvery: 9 }, 4],
    ['when it is interrupted', { validateEvery: 9, signal: abortedAfter(3) }, 3],
  ])(
    'stops with one line when the loss is no longer a number, %s, and saves nothing of it',
    async (_, changes, step) => {
      const before = device.allocated;
      const store = new MemoryStore();
      const options = newRun({ ...changes, definition: withAbsurdRate, store });
      await expect(train(options)).rejects.toThrow(
        new ModelError(
          `memory: the loss is no longer a number at step ${step}; the last checkpoint is kept. Start a new run with a lower learning rate; CHIPSMITH_DEBUG=nan names the operation that fails first.`,
        ),
      );
      const { metadata, model, state } = await store.load('latest');
      expect(metadata.training.step).toBe(0);
      expect(state.parameters).toEqual(startingValues(model.parameters, 1));
      expect(device.allocated).toEqual(before);
    },
  );
});

/** A model whose parameters are near the end of f32 after a single step. */
const withAbsurdRate: typeof basicRnn = {
  ...basicRnn,
  settings: z
    .unknown()
    .transform(() => ({ ...tinySettings, optimiser: { ...tinySettings.optimiser, learningRate: 1e38 } })),
};
