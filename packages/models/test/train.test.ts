import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BatchSampler, openDataset, writeDataset } from '@chipsmith/data';
import type { BytesByCategory } from '@chipsmith/kernels';
import { describe, expect, it } from 'vitest';
import {
  configure,
  evaluateCheckpoint,
  type Metrics,
  ModelError,
  RunFolder,
  type TrainingPlan,
  type TrainOptions,
  train,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { temporaryFolder } from './support/folder.ts';
import { predict } from './support/reference.ts';
import { basicRnn, tinyConfiguration, tinyDataset, tinyMelody, tinyOptions } from './support/tiny.ts';

const device = await testDevice();
const root = await temporaryFolder();
let runs = 0;
/** Options of a run in a new folder. */
function newRun(changes: Partial<TrainOptions> = {}): TrainOptions {
  return { ...tinyOptions(device, join(root, `run-${runs++}`)), ...changes };
}

async function metricsOf(folder: string): Promise<Metrics[]> {
  const text = await readFile(join(folder, 'metrics.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Parameters and both moments of the latest checkpoint. */
async function latest(folder: string) {
  const { metadata, state } = await new RunFolder(folder).load('latest');
  return { step: metadata.training.step, ...state };
}

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
    const valid = options.dataset.sequences('valid').map(({ events }) => events);
    const { nll, accuracy } = await evaluateCheckpoint(device, checkpoint, valid);
    expect(nll).toBeCloseTo(result.best?.nll ?? Number.NaN, 6);
    expect(nll).toBeLessThan(0.05);
    expect(accuracy).toBe(1);
  });

  it('has in each step the loss of the float64 reference over the windows of that step, and moves as Adam does', async () => {
    const options = newRun({ validateEvery: 1 });
    const { batch, length, seed, dataset } = options;
    const events = dataset.sequences('train').map((sequence) => sequence.events);
    const sampler = new BatchSampler(events, { batch, length, seed });
    await train({ ...options, signal: AbortSignal.abort() });
    for (const step of [1, 2, 3]) {
      const before = await new RunFolder(options.folder).load('latest');
      await train({ ...options, resume: true, steps: step });
      const { inputs, targets } = sampler.at(step - 1);
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
      const moves = after.parameters.map((values, slot) =>
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
      'metrics.jsonl',
    ]);
    const run = new RunFolder(options.folder);
    expect(await run.dataPlace()).toBe('songs');
    const { metadata } = await run.load('latest');
    expect(metadata).toMatchObject({
      model: 'basic-rnn',
      configuration: tinyConfiguration,
      encoding: options.dataset.manifest.encoding,
      dataFingerprint: options.dataset.manifest.fingerprint,
      training: { seed: 1, batch: 4, length: 8, step: 12 },
    });
    // Logged every 10 steps, at validations (every 4) and at the end.
    const metrics = await metricsOf(options.folder);
    expect(metrics.map(({ step, validNll }) => [step, validNll !== undefined])).toEqual([
      [4, true],
      [8, true],
      [10, false],
      [12, true],
    ]);
    for (const { gradientNorm, tokensPerSecond } of metrics) {
      expect(gradientNorm).toBeGreaterThan(0);
      expect(tokensPerSecond).toBeGreaterThan(0);
    }
    expect(metadata.training.best?.nll).toBe(Math.min(...metrics.map(({ validNll = Infinity }) => validNll)));
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

  it('gives the same bytes for the same seed, and others for another', async () => {
    const [first, second, third] = [newRun(), newRun(), newRun({ seed: 2 })];
    for (const options of [first, second, third]) await train(options);
    const bytesOf = ({ folder }: TrainOptions) => readFile(join(folder, 'checkpoints', 'latest.safetensors'));
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
    expect(await train(options)).toEqual({ step: 6, reason: 'finished', best: null });
    expect((await new RunFolder(options.folder).load('best')).metadata.training.step).toBe(6);
  });

  it('stops when validation has not got better for as long as patience says', async () => {
    // The valid songs run the scale downwards: the better the training songs are known, the worse they go.
    const dataset = tinyDataset(6);
    const downwards = tinyDataset(6, (start) => tinyMelody(start).toReversed());
    const turned = new Proxy(dataset, {
      get(target, key) {
        if (key !== 'sequences') return Reflect.get(target, key);
        return (split: 'train' | 'valid') => (split === 'valid' ? downwards : target).sequences(split);
      },
    });
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
      const options = newRun({ ...changes, definition: { ...basicRnn, create: withAbsurdRate } });
      await expect(train(options)).rejects.toThrow(
        new ModelError(
          `${options.folder}: the loss is no longer a number at step ${step}; the last checkpoint is kept. Start a new run with a lower learning rate; CHIPSMITH_DEBUG=nan names the operation that fails first.`,
        ),
      );
      const { metadata, model, state } = await new RunFolder(options.folder).load('latest');
      expect(metadata.training.step).toBe(0);
      expect(state.parameters).toEqual(model.initialise(1));
      expect(device.allocated).toEqual(before);
    },
  );
});

/** A model whose parameters are near the end of f32 after a single step. */
const withAbsurdRate: typeof basicRnn.create = (configuration, classes) => {
  const optimiser = { ...configuration.optimiser, learningRate: 1e38 };
  const model = basicRnn.create(configuration, classes);
  return Object.defineProperty(model, 'configuration', { value: { ...configuration, optimiser } });
};

/** A signal that is aborted from the look after so many steps on: training looks once before each step. */
function abortedAfter(steps: number): AbortSignal {
  let looks = 0;
  return Object.defineProperty(new AbortController().signal, 'aborted', { get: () => ++looks > steps });
}

describe('resume', () => {
  it('equals an uninterrupted run bit for bit, also from a step without validation and with dropout', async () => {
    const configuration = configure(basicRnn, { layers: [8, 4], dropout: 0.5 });
    const whole = newRun({ configuration, steps: 14, validateEvery: 4 });
    await train(whole);

    const cut = newRun({ configuration, steps: 14, validateEvery: 4 });
    // Validations are at 4, 8, 12 and 14, and 10 is logged: 5, 6 and 11 are neither.
    for (const [stretch, end] of [
      [5, 5],
      [1, 6],
      [5, 11],
    ]) {
      const result = await train({ ...cut, resume: end > 5, signal: abortedAfter(stretch) });
      expect(result).toMatchObject({ reason: 'interrupted', step: end });
    }
    const result = await train({ ...cut, resume: true });
    expect(result.reason).toBe('finished');
    expect(await latest(cut.folder)).toEqual(await latest(whole.folder));
    const bytesOf = (folder: string, name: string) => readFile(join(folder, 'checkpoints', `${name}.safetensors`));
    for (const name of ['latest', 'best'])
      expect(await bytesOf(cut.folder, name)).toEqual(await bytesOf(whole.folder, name));
    const validations = (metrics: Metrics[]) =>
      metrics.flatMap(({ step, validNll }) => (validNll ? [[step, validNll]] : []));
    expect(validations(await metricsOf(cut.folder))).toEqual(validations(await metricsOf(whole.folder)));
  });

  it('tells of each step once, and drops half a line and half a file of a killed process', async () => {
    const options = newRun({ steps: 6 });
    await train(options);
    const metrics = join(options.folder, 'metrics.jsonl');
    const told = await readFile(metrics, 'utf8');
    const later = JSON.stringify({ step: 9, loss: 1, gradientNorm: 1, tokensPerSecond: 1 });
    await writeFile(metrics, `${told}${later}\nno line of ours\n{"step":2,"lo\n{"step":6,"lo`);
    await writeFile(join(options.folder, 'checkpoints', 'latest.safetensors.partial-123'), 'half');
    await writeFile(join(options.folder, 'config.json.partial-123'), '{');
    await train({ ...options, resume: true, steps: 9 });
    const text = await readFile(metrics, 'utf8');
    expect(text.startsWith(told)).toBe(true);
    expect((await metricsOf(options.folder)).map(({ step }) => step)).toEqual([3, 6, 9]);
    expect((await readdir(options.folder, { recursive: true })).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('is refused while another process trains into the folder, and takes over from one that was killed', async () => {
    const options = newRun();
    await train(options);
    const lock = join(options.folder, 'lock');
    expect(existsSync(lock)).toBe(false);
    await writeFile(lock, `${process.ppid}\n`);
    const before = await latest(options.folder);
    await expect(train({ ...options, resume: true, steps: 9 })).rejects.toThrow(
      `${lock}: process ${process.ppid} is training here; wait for it or choose another --run folder`,
    );
    expect([await latest(options.folder), existsSync(lock)]).toEqual([before, true]);
    const killed = spawnSync(process.execPath, ['--version']).pid;
    for (const left of [`${killed}\n`, '']) {
      await writeFile(lock, left);
      const steps = left === '' ? 10 : 9;
      expect((await train({ ...options, resume: true, steps })).step).toBe(steps);
      expect(existsSync(lock)).toBe(false);
    }
  });

  it('works before the first step is done', async () => {
    const options = newRun();
    expect(await train({ ...options, signal: AbortSignal.abort() })).toEqual({
      step: 0,
      reason: 'interrupted',
      best: null,
    });
    const run = new RunFolder(options.folder);
    expect((await run.load('best')).metadata.training.step).toBe(0);
    expect((await train({ ...options, resume: true })).step).toBe(6);
  });

  it('keeps seed and shape of the run, whatever is asked for', async () => {
    const options = newRun({ steps: 3 });
    const whole = newRun({ steps: 6 });
    await train(options);
    await train(whole);
    const configuration = configure(basicRnn, { layers: [5] });
    await train({ ...options, resume: true, steps: 6, seed: 9, batch: 2, length: 5, configuration });
    expect(await latest(options.folder)).toEqual(await latest(whole.folder));
  });
});

describe('train refuses', () => {
  const refused = async (options: TrainOptions, message: string) => {
    const before = device.allocated;
    const training = train(options);
    await expect(training).rejects.toBeInstanceOf(ModelError);
    await expect(training).rejects.toThrow(new ModelError(message));
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
    await refused(
      options,
      'basic-rnn speaks the encoding melody, the data is in score; prepare it with --encoding melody.',
    );
    expect(await exists(options.folder)).toBe(false);
  });

  it.each([
    ['no steps', { steps: 0 }, 'Training: steps is 0; give a whole number of 1 or more.'],
    ['no validations', { validateEvery: 0 }, 'Training: validateEvery is 0; give a whole number of 1 or more.'],
    ['half a patience', { patience: 0.5 }, 'Training: patience is 0.5; give a whole number of 0 or more.'],
  ])('%s', async (_, wrong, message) => {
    await refused(newRun(wrong), message);
  });

  it('a file for a folder', async () => {
    const path = join(root, 'file');
    await writeFile(path, 'here');
    await refused(newRun({ folder: path }), `${path}: a part of the path is a file; check the path.`);
    const below = join(path, 'run');
    await refused(newRun({ folder: below }), `${below}: a part of the path is a file; check the path.`);
  });
});

async function exists(folder: string): Promise<boolean> {
  return (await readdir(root)).includes(folder.slice(root.length + 1));
}
