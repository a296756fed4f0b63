import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { melodyEncoding } from '@chipsmith/data';
import { BASE_LIMITS, elementCount, initialise, Program, startingValues } from '@chipsmith/kernels';
import { describe, expect, it, vi } from 'vitest';
import {
  configure,
  fitTraining,
  type HalfStorage,
  type Metrics,
  ModelError,
  planTraining,
  recomputedShare,
  type Trainee,
  type TrainingPass,
  type TrainingStart,
  type TrainOptions,
  train,
  traineeOf,
  trainingMemory,
} from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { limitsWithin } from '../src/training/budget.ts';
import { releaseTrainee } from '../src/training/trainee.ts';
import { testDevice } from './support/device.ts';
import { temporaryFolder } from './support/folder.ts';
import { basicRnn, tinyOptions } from './support/tiny.ts';

const device = await testDevice();
const root = await temporaryFolder();

const settingsWith = (dropout: number) =>
  configure(basicRnn, { layers: [16, 16], dropout, optimiser: { learningRate: 0.01 } });
const traineeWith = (dropout = 0) => traineeOf(basicRnn, settingsWith(dropout), melodyEncoding);

/** Losses and gradient norms of a few steps, and where the parameters stand then. Masks differ from lane to lane. */
async function runOf(
  trainee: Trainee,
  pass: TrainingPass,
  seeds: (part: number) => number,
  isMasked: (index: number) => boolean = () => false,
) {
  const { model, optimiser } = trainee;
  const { classes } = melodyEncoding;
  const { fields, weight } = pass;
  const [length, batch] = fields.targets.shape;
  const program = await Program.create(device, pass.plan);
  try {
    initialise(device, model.parameters, 5);
    for (const arena of [optimiser.arenas.firstMoment, optimiser.arenas.secondMoment]) {
      for (const slot of arena.slots) device.write(slot, new Float32Array(elementCount(slot.shape)));
    }
    const ids = (factor: number) => Uint32Array.from({ length: length * batch }, (_, i) => (i * factor) % classes);
    for (let step = 1; step <= 3; step++) {
      program.write(fields.inputs, ids(7 * step));
      program.write(fields.targets, ids(5 * step));
      // Lane n holds length - n events: parts differ in how many they have.
      const isEvent = (index: number) => !isMasked(index) && Math.floor(index / batch) + (index % batch) < length;
      const mask = Float32Array.from({ length: length * batch }, (_, index) => Number(isEvent(index)));
      program.write(fields.mask, mask);
      const events = mask.reduce((sum, each) => sum + each, 0);
      program.write(weight, Float32Array.of(Math.max(1, events)));
      for (const [part, seed] of pass.seeds.entries()) program.write(seed, Uint32Array.of(seeds(part)));
      program.write(pass.schedule, optimiser.scheduleValues(step, 0.01));
      program.run();
    }
    const parameters: number[] = [];
    for (const slot of model.parameters.slots) parameters.push(...(await device.read(slot)));
    return { history: await program.history(), parameters };
  } finally {
    program.destroy();
    releaseTrainee(device, trainee);
  }
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  const errors = actual.map((value, index) => Math.abs(value - expected[index]) / (1 + Math.abs(expected[index])));
  expect(Math.max(...errors)).toBeLessThan(tolerance);
}

describe('micro-batches', () => {
  const shape = { batch: 12, length: 16 };

  it('give the losses, gradient norms and parameters of the whole batch, in less memory', async () => {
    const trainee = traineeWith();
    const limits = device.limits;
    const wholePass = planTraining(trainee, shape, { limits });
    const whole = await runOf(trainee, wholePass, () => 1);
    let most = wholePass.plan.byCategory.activations;
    for (const microBatch of [12, 6, 3]) {
      const pass = planTraining(trainee, { ...shape, microBatch }, { limits });
      const parts = await runOf(trainee, pass, () => 1);
      expectClose(parts.history.flat(), whole.history.flat(), 1e-5);
      // Adam's steps are of 0.01 however small the gradient, so that rounding moves parameters further than losses.
      expectClose(parts.parameters, whole.parameters, 1e-3);
      if (microBatch === 12) expect(parts).toEqual(whole);
      else expect(pass.plan.byCategory.activations).toBeLessThan(0.7 * most);
      most = pass.plan.byCategory.activations;
    }
  });

  it('of nothing but masked events have no loss and no gradient, and leave the parameters where they are', async () => {
    const trainee = traineeWith();
    const pass = planTraining(trainee, { ...shape, microBatch: 6 }, { limits: device.limits });
    const { history, parameters } = await runOf(
      trainee,
      pass,
      () => 1,
      () => true,
    );
    expect(history.map((row) => [...row])).toEqual(Array.from({ length: 3 }, () => [0, 0]));
    expect(parameters).toEqual(startingValues(trainee.model.parameters, 5).flatMap((values) => [...values]));
  });

  it('have a dropout of their own', async () => {
    const trainee = traineeWith(0.5);
    const pass = () => planTraining(trainee, { ...shape, microBatch: 4 }, { limits: device.limits });
    const first = await runOf(trainee, pass(), (part) => part);
    expect(await runOf(trainee, pass(), (part) => part)).toEqual(first);
    expect((await runOf(trainee, pass(), (part) => (part === 2 ? 9 : part))).history).not.toEqual(first.history);
  });

  it.each([
    [5, 'Training: micro-batch 5 does not divide batch 12; choose another value.'],
    [24, 'Training: micro-batch 24 does not divide batch 12; choose another value.'],
    [0, 'Training: microBatch: Too small: expected number to be >=1; choose another value.'],
    [1.5, 'Training: microBatch: Invalid input: expected int, received number; choose another value.'],
  ])('of %d sequences are refused for a batch of 12', (microBatch, message) => {
    expect(() => planTraining(traineeWith(), { ...shape, microBatch })).toThrow(new ModelError(message));
  });
});

describe('fitTraining', () => {
  const trainee = traineeOf(basicRnn, configure(basicRnn, { layers: [64, 64] }), melodyEncoding);
  const shape = { batch: 16, length: 64 };
  const asked = trainingMemory(trainee, shape) ?? expect.fail('no limits are exceeded');
  /** Bytes of everything but activations, and a share of those. */
  const budgetWith = (share: number) => asked.bytes - (1 - share) * asked.byCategory.activations;

  it('leaves out copies in textures where the budget has no room for them', async () => {
    const limits = { ...BASE_LIMITS, textures: { reading: 'storage', maxSide: 8192 } } as const;
    const withTextures = trainingMemory(trainee, shape, { limits })?.bytes ?? 0;
    expect(withTextures).toBeGreaterThan(asked.bytes);
    const usesTextures = async (budget: number) => {
      const fit = await fitTraining(trainee, shape, budget, limits);
      expect(fit).toMatchObject({ microBatch: 16, recompute: [] });
      expect(fit.bytes).toBeLessThanOrEqual(budget);
      const within = limitsWithin(trainee, shape, { budget, limits, recompute: [] });
      expect(planTraining(trainee, shape, { limits: within }).plan.peakBytes).toBe(fit.pass.plan.peakBytes);
      return fit.pass.plan.buffers.some(({ texture }) => texture !== undefined);
    };
    expect(await Promise.all([withTextures, withTextures - 1, asked.bytes].map(usesTextures))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('leaves settings alone where they fit, to the byte', async () => {
    const fit = await fitTraining(trainee, shape, asked.bytes);
    expect(fit).toMatchObject({ microBatch: 16, recompute: [], bytes: asked.bytes, byCategory: asked.byCategory });
    expect(recomputedShare(fit.pass)).toBe(0);
    expect((await fitTraining(trainee, shape, asked.bytes - 1)).bytes).toBeLessThan(asked.bytes);
  });

  it('computes again before it splits the batch, and never takes more than it may', async () => {
    const fits = await Promise.all(
      [0.9, 0.7, 0.5].map(async (share) => {
        const fit = await fitTraining(trainee, shape, budgetWith(share));
        expect(fit.bytes).toBeLessThanOrEqual(budgetWith(share));
        const { microBatch, recompute } = fit;
        expect(trainingMemory(trainee, { ...shape, microBatch }, { recompute })?.byCategory).toEqual(fit.byCategory);
        return { microBatch, again: recomputedShare(fit.pass) };
      }),
    );
    expect(fits[0].microBatch).toBe(16);
    expect(fits[0].again).toBeGreaterThan(0);
    expect(fits[0].again).toBeLessThanOrEqual(1);
    const sizes = fits.map(({ microBatch }) => microBatch);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes[2]).toBeLessThan(16);
  });

  it('ends between two plans once it is told to', async () => {
    const controller = new AbortController();
    const fitting = fitTraining(trainee, shape, 1e6, undefined, controller.signal);
    setImmediate(() => controller.abort('enough'));
    await expect(fitting).rejects.toBe('enough');
  });

  it('keeps to a micro-batch that is asked for', async () => {
    const budget = budgetWith(0.5);
    expect((await fitTraining(trainee, { ...shape, microBatch: 2 }, budget)).microBatch).toBe(2);
    await expect(fitTraining(trainee, { ...shape, microBatch: 16 }, budget)).rejects.toThrow(
      /\(micro-batch 16, .*: leave out --micro-batch\.$/,
    );
  });

  it('splits the batch where a value of the whole one is larger than the device binds', async () => {
    // Gates of a layer for the whole batch: 128 events x 16 sequences x 4 x 64 units x 4 bytes = 2 MiB; 1 in an
    // evaluation.
    const long = { ...shape, length: 128 };
    const limits = { ...BASE_LIMITS, maxStorageBufferBindingSize: 2 ** 20 };
    expect(trainingMemory(trainee, long, { limits })).toBeUndefined();
    expect(await fitTraining(trainee, long, 1e9, limits)).toMatchObject({ microBatch: 8, recompute: [] });
    await expect(fitTraining(trainee, long, 1e9, { ...limits, maxStorageBufferBindingSize: 256 })).rejects.toThrow(
      /exceed/,
    );
  });

  it('names in one line the smallest budget that does, and a batch or length that fits this one', async () => {
    const messageOf = async (run: () => Promise<unknown>) => {
      try {
        await run();
      } catch (error) {
        expect(error).toBeInstanceOf(ModelError);
        return (error as Error).message;
      }
      return expect.fail('fits');
    };
    const budget = budgetWith(0.36);
    const message = await messageOf(() => fitTraining(trainee, shape, budget));
    const pattern =
      /^Training with batch 16 and length 64 needs at least (\d+\.?\d*) MB \(micro-batch \d+, \d+ % of the forward pass computed again\); \d+\.?\d* MB are allowed: (?:--batch (\d+) or )?--length (\d+) fits\.$/;
    expect(message).toMatch(pattern);
    const [, smallest, , length] = (pattern.exec(message) ?? []).map(Number);
    const least = await fitTraining(trainee, shape, smallest * 1e6);
    expect(least.bytes).toBeLessThanOrEqual(smallest * 1e6);
    expect(least.bytes).toBeGreaterThan((smallest - 0.1) * 1e6);
    expect((await fitTraining(trainee, { ...shape, length }, budget)).bytes).toBeLessThanOrEqual(budget);
    expect(await messageOf(() => fitTraining(trainee, { ...shape, length: 2 * length }, budget))).toMatch(
      /needs at least/,
    );
    expect(await messageOf(() => fitTraining(trainee, shape, 1e6))).toMatch(
      /1 MB are allowed: no --batch or --length fits, choose a smaller model\.$/,
    );
    // The budget is said as it was given, however small.
    expect(await messageOf(() => fitTraining(trainee, shape, 1000))).toMatch(/; 0\.001 MB are allowed: /);
  });
});

/** The smallest budget of the tiny model, which is far below what the shape takes by itself. */
const smallest = await fitTraining(traineeWith(), { batch: 8, length: 16 }, 1).then(
  ({ bytes }) => bytes,
  (error: unknown) => Math.ceil(Number(/at least (\d+\.?\d*) MB/.exec(String(error))?.[1]) * 1e6),
);

describe('train with a budget', () => {
  let runs = 0;
  const newRun = (changes: Partial<TrainOptions>) => ({
    ...tinyOptions(device, join(root, `run-${runs++}`)),
    settings: settingsWith(0),
    batch: 8,
    length: 16,
    steps: 4,
    validateEvery: 1,
    ...changes,
  });
  const asked = (trainingMemory(traineeWith(), { batch: 8, length: 16 }) ?? expect.fail('no limits are exceeded'))
    .bytes;
  const metricsOf = async (folder: string): Promise<Metrics[]> =>
    (await readFile(join(folder, 'metrics.jsonl'), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const latest = (folder: string) => readFile(join(folder, 'checkpoints', 'latest.safetensors'));

  it('has the losses of one without, allocates what was predicted, and no more than it may', async () => {
    const [free, held] = [newRun({}), newRun({ budget: smallest })];
    await train(free);
    let told: TrainingStart | undefined;
    await train({ ...held, onStart: (start) => (told = start) });
    expect(told?.measured).toEqual(told?.predicted);
    const total = Object.values(told?.measured ?? {}).reduce((sum, bytes) => sum + bytes, 0);
    expect(total).toBeLessThanOrEqual(held.budget ?? 0);
    expect(total).toBeLessThan(asked);
    expect(told).toMatchObject({ unrestricted: asked });
    expect(told?.microBatch !== 8 || told.recomputed > 0).toBe(true);
    const numbers = async (folder: string) =>
      (await metricsOf(folder)).flatMap(({ loss, gradientNorm, valid }) => [loss, gradientNorm, valid?.loss ?? 0]);
    expectClose(await numbers(held.folder), await numbers(free.folder), 1e-4);
    expect(device.allocated.activations).toBe(0);
  });

  it.each([
    ['micro-batches and a budget', { budget: smallest }],
    ['a micro-batch by hand', { microBatch: 2 }],
    ['a budget that asks for recomputation only', { budget: asked - 1, microBatch: 8 }],
  ])('resumes bit for bit with %s, dropout included', async (_, how) => {
    const [whole, cut] = [0, 1].map(() => newRun({ settings: settingsWith(0.5), ...how }));
    await train(whole);
    await train({ ...cut, steps: 2 });
    // The settings are those of the run, whatever is asked for.
    await train({ ...cut, budget: undefined, microBatch: undefined, resume: true });
    expect(await latest(cut.folder)).toEqual(await latest(whole.folder));
    const { training } = (await new RunFolder(cut.folder).load('latest')).metadata;
    expect(training.budget).toBe('budget' in how ? how.budget : null);
    if ('budget' in how) expect(training.microBatch < 8 || training.recompute.length > 0).toBe(true);
    else expect(training).toMatchObject({ microBatch: 2, recompute: [] });
  });

  it('gives each micro-batch of each step a dropout seed of its own', async () => {
    const write = vi.spyOn(Program.prototype, 'write');
    try {
      await train(newRun({ microBatch: 2 }));
      const seeds = write.mock.calls.flatMap(([{ shape, dtype }, data]) =>
        shape.length === 1 && shape[0] === 1 && dtype === 'u32' ? [data[0]] : [],
      );
      expect(seeds.length).toBe(4 * 4);
      expect(new Set(seeds).size).toBe(seeds.length);
    } finally {
      write.mockRestore();
    }
  });

  it('is refused before anything is allocated or written', async () => {
    const before = device.allocated;
    const options = newRun({ budget: 1e6 });
    await expect(train(options)).rejects.toThrow(/^Training with batch 8 .* 1 MB are allowed: /);
    await expect(latest(options.folder)).rejects.toThrow('ENOENT');
    expect(device.allocated).toEqual(before);
    await expect(train(newRun({ budget: 0 }))).rejects.toThrow(
      new ModelError('Training: budget: Too small: expected number to be >=1; choose another value.'),
    );
  });
});

describe('storage in 16 bits', () => {
  const shape = { batch: 16, length: 32 };

  it('takes less memory for activations, and a copy of the weights more', () => {
    const trainee = traineeWith();
    const memory = (half?: HalfStorage) => trainingMemory(trainee, { ...shape, half })?.byCategory.activations ?? 0;
    expect(memory('activations')).toBeLessThan(0.95 * memory());
    const copy = memory('weights') - memory();
    expect(copy).toBeLessThanOrEqual(trainee.model.parameters.byteLength / 2);
    expect(memory('both')).toBeLessThan(memory('weights'));
  });

  it('counts in what a budget leads to', async () => {
    const trainee = traineeWith();
    const budget = (trainingMemory(trainee, { ...shape, half: 'activations' })?.bytes ?? 0) + 1;
    expect(await fitTraining(trainee, { ...shape, half: 'activations' }, budget)).toMatchObject({
      microBatch: 16,
      recompute: [],
    });
    expect(await fitTraining(trainee, shape, budget)).not.toMatchObject({ microBatch: 16, recompute: [] });
  });

  it.skipIf(device.features.has('shader-f16'))('is refused by devices that cannot', async () => {
    const options: TrainOptions = { ...tinyOptions(device, join(root, 'half')), half: 'both' };
    await expect(train(options)).rejects.toThrow(/cannot store numbers in 16 bits \(shader-f16\); leave out --half/);
  });
});
