import type { Device } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lstmForward, lstmTraining } from '../src/gpu/lstm.ts';
import { forwardFlop } from '../src/gpu/lstm-model.ts';
import { matmulBenchmark } from '../src/gpu/matmul.ts';
import { prepareFmaPeak } from '../src/gpu/peak.ts';
import { runKernels } from '../src/gpu/run-kernels.ts';
import type { Result } from '../src/report/results.ts';

const ONCE = { rounds: 1, budgetMilliseconds: 0, sampleMilliseconds: 0.001 };

let device: Device;
beforeAll(async () => {
  device = await openDevice({ tune: false });
});
afterAll(() => device.destroy());

describe('kernel benchmarks', () => {
  it('find a finite peak that each thread has worked for', async () => {
    const prepared = await prepareFmaPeak(device);
    expect(prepared.gigaflop).toBeGreaterThan(0);
    expect(prepared.gigaflop).toBeLessThan(Number.POSITIVE_INFINITY);
    prepared.run();
    await prepared.settle?.();
    await prepared.verify();
    prepared.release();
  });

  it('measure tiny products and models beside the peak, and give back all memory', async () => {
    const shape = { units: 8, layers: 2, batch: 2, steps: 3, classes: 5 };
    const products = (['NN', 'NT', 'TN'] as const).map((form) => matmulBenchmark({ form, M: 6, N: 10, K: 7 }));
    const before = device.allocated;
    const results: Result[] = [];
    await runKernels(device, [...products, lstmForward(shape), lstmTraining(shape)], ONCE, (result) => {
      results.push(result);
    });
    expect(device.allocated).toEqual(before);
    expect(results.map(({ name }) => name)).toEqual([
      'FMA peak',
      'matmul NN 6x10x7',
      'matmul NT 6x10x7',
      'matmul TN 6x10x7',
      'LSTM forward 2x8, batch 2, length 3, 5 classes',
      'LSTM training step 2x8, batch 2, length 3, 5 classes',
    ]);
    for (const { name, rates, shareOfPeak, memory } of results) {
      for (const { value } of rates) expect(value, name).toBeGreaterThan(0);
      if (name !== 'FMA peak') expect(shareOfPeak, name).toBeGreaterThan(0);
      expect(memory?.allocated, name).toEqual(memory?.predicted);
    }
    const training = results[5].memory?.predicted;
    expect(training?.optimiser).toBe(2 * (training?.parameters ?? 0));
    expect(training?.gradients).toBe(training?.parameters);
  });

  it('refuse a result that no run has computed', async () => {
    const prepared = await matmulBenchmark({ form: 'NN', M: 4, N: 4, K: 4 }).prepare(device);
    await expect(prepared.verify()).rejects.toThrow(/matmul NN 4x4x4: c\[0, 0\] is 0 instead of/);
    prepared.release();
  });

  it('count two operations for each weight that meets a token', () => {
    // Recurrent weights 2 x (8 x 32), between the layers 8 x 32, output 8 x 5; 6 tokens.
    expect(forwardFlop({ units: 8, layers: 2, batch: 2, steps: 3, classes: 5 })).toBe(2 * (3 * 256 + 40) * 6);
  });
});
