import type { Device } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Benchmark } from '../src/benchmark.ts';
import { attentionBenchmark, attentionGigaflop } from '../src/gpu/attention.ts';
import { attentionMemory } from '../src/gpu/attention-memory.ts';
import { convolutionBenchmark } from '../src/gpu/convolution.ts';
import { adamBenchmark, elementwiseBenchmark, sumBenchmark } from '../src/gpu/elements.ts';
import { HOST_STEPS, measureHostCost } from '../src/gpu/host-cost.ts';
import { lstmForward, lstmTraining } from '../src/gpu/lstm.ts';
import { forwardFlop } from '../src/gpu/lstm-model.ts';
import { matmulBenchmark } from '../src/gpu/matmul.ts';
import { prepareFmaPeak } from '../src/gpu/peak.ts';
import { crossEntropyBenchmark, embeddingBenchmark, layerNormBenchmark, softmaxBenchmark } from '../src/gpu/rows.ts';
import { runKernels } from '../src/gpu/run-kernels.ts';
import { samplingBenchmark } from '../src/gpu/sampling.ts';
import type { Result } from '../src/report/results.ts';

const ONCE = { rounds: 1, budgetMilliseconds: 0, sampleMilliseconds: 0.001 };

let device: Device;
beforeAll(async () => {
  device = await openDevice({ tune: false });
});
afterAll(() => device.destroy());

/** Measures benchmarks and holds them to what is true of all: figures, memory as planned, all of it given back. */
async function measured(benchmarks: readonly Benchmark<Device>[]): Promise<Result[]> {
  const before = device.allocated;
  const results: Result[] = [];
  await runKernels(device, benchmarks, [], ONCE, (result) => void results.push(result));
  expect(device.allocated).toEqual(before);
  for (const { name, rates, share, memory, peers } of results) {
    for (const { value } of rates) expect(value, name).toBeGreaterThan(0);
    if (share !== undefined) expect(share.value, name).toBeGreaterThan(0);
    expect(memory?.allocated, name).toEqual(memory?.predicted);
    expect(peers, name).toBeUndefined();
  }
  return results;
}

describe('kernel benchmarks', () => {
  it('find a finite peak that each thread has worked for', async () => {
    const prepared = await prepareFmaPeak(device);
    expect(prepared.work.unit).toBe('GFLOP/s');
    expect(prepared.work.amount).toBeGreaterThan(0);
    expect(prepared.work.amount).toBeLessThan(Number.POSITIVE_INFINITY);
    prepared.run();
    await prepared.settle?.();
    await prepared.verify();
    prepared.release();
  });

  it('measure tiny products beside the FMA peak', async () => {
    const shape = { units: 8, layers: 2, batch: 2, steps: 3, classes: 5 };
    const benchmarks = [
      ...(['NN', 'NT', 'TN'] as const).map((form) => matmulBenchmark({ kind: 'matmul', form, M: 6, N: 10, K: 7 })),
      lstmForward(shape),
      lstmTraining({ kind: 'LSTM training', ...shape }),
      attentionBenchmark({ kind: 'attention', heads: 2, depth: 4, length: 6 }),
      convolutionBenchmark({ kind: 'convolution', batch: 2, height: 6, width: 4, channels: 3, filters: 5 }),
    ];
    const results = await measured(benchmarks);
    expect(results.map(({ name, share }) => [name, share?.of])).toEqual([
      ['FMA peak', undefined],
      ['copy bandwidth', undefined],
      ['launching a kernel', undefined],
      ['matmul NN 6x10x7', 'FMA'],
      ['matmul NT 6x10x7', 'FMA'],
      ['matmul TN 6x10x7', 'FMA'],
      ['LSTM forward 2x8, B 2, T 3', 'FMA'],
      ['LSTM training 2x8, B 2, T 3', 'FMA'],
      ['attention 2x4, L 6, training', 'FMA'],
      ['conv2d 6x4x3 to 5, training', 'FMA'],
    ]);
    const training = results[7].memory?.predicted;
    expect(training?.optimiser).toBe(2 * (training?.parameters ?? 0));
    expect(training?.gradients).toBe(training?.parameters);
    // Some goals hold for any size. What explains a share are shares of the time themselves.
    expect(results.map(({ goal }) => goal).filter((goal) => goal !== undefined)).toEqual([0.22, 0.2]);
    for (const { name, bounds } of results.slice(3)) {
      expect(bounds?.launching, name).toBeGreaterThan(0);
      expect(bounds?.memory, name).toBeGreaterThan(0);
    }
  });

  it('measure tiny problems that move memory beside a copy', async () => {
    const benchmarks = [
      softmaxBenchmark({ kind: 'softmax', rows: 3, width: 5 }),
      layerNormBenchmark({ kind: 'layer norm', rows: 3, width: 5 }),
      crossEntropyBenchmark({ kind: 'cross-entropy', rows: 3, classes: 5 }),
      embeddingBenchmark({ kind: 'embedding', rows: 4, classes: 5, width: 3 }),
      elementwiseBenchmark({ kind: 'elementwise', elements: 11 }),
      sumBenchmark({ kind: 'sum', rows: 3, width: 5, over: 'rows' }),
      sumBenchmark({ kind: 'sum', rows: 3, width: 5, over: 'all' }),
      adamBenchmark({ kind: 'Adam', elements: 64 }),
      samplingBenchmark(3, 5),
    ];
    const results = await measured(benchmarks);
    expect(results.slice(3).map(({ name, share }) => [name, share?.of])).toEqual([
      ['softmax 3x5', 'copy'],
      ['layer norm 3x5, training', 'copy'],
      ['cross-entropy 3x5, training', 'copy'],
      ['embedding 4 of 5, training', 'copy'],
      ['tanh(x a + b) sigmoid(x), 0.0M', 'copy'],
      ['sum of 3x5 over rows', 'copy'],
      ['sum of 3x5 over all', 'copy'],
      ['Adam, 0.0M', 'copy'],
      ['sampling 3 of 5 classes', undefined],
    ]);
  });

  it('refuse a result that no run has computed', async () => {
    const product = await matmulBenchmark({ kind: 'matmul', form: 'NN', M: 4, N: 4, K: 4 }).prepare(device);
    await expect(product.verify()).rejects.toThrow(/matmul NN 4x4x4: c\[0, 0\] is 0 instead of/);
    product.release();
    const softmax = await softmaxBenchmark({ kind: 'softmax', rows: 3, width: 5 }).prepare(device);
    await expect(softmax.verify()).rejects.toThrow('softmax 3x5: result 0 is all zeros.');
    softmax.release();
  });

  it('count two operations for each weight that meets a token', () => {
    // Recurrent weights 2 x (8 x 32), between the layers 8 x 32, output 8 x 5; 6 tokens.
    expect(forwardFlop({ units: 8, layers: 2, batch: 2, steps: 3, classes: 5 })).toBe(2 * (3 * 256 + 40) * 6);
  });

  it('count nine products for each pair of positions that attention may see', () => {
    // 3 positions see 1 + 2 + 3 = 6; depth 4, 2 heads.
    expect(attentionGigaflop({ heads: 2, depth: 4, length: 3 })).toBeCloseTo((9 * 2 * 4 * 2 * 6) / 1e9, 15);
  });

  it('plan memory of attention that grows no faster than its length', () => {
    const [short, long] = attentionMemory([256, 1024]);
    expect(long.bytes / short.bytes).toBeLessThan(4.1);
    expect(long.scoreBytes / short.scoreBytes).toBe(16);
  });

  it('replay a step on the null adapter for its cost on the host', async () => {
    const nullDevice = await openDevice({ adapter: 'null' });
    const before = nullDevice.allocated;
    const cost = await measureHostCost(nullDevice, HOST_STEPS[0]);
    expect(cost.dispatches).toBeGreaterThan(100);
    expect(cost.microsecondsPerDispatch).toBeGreaterThan(0);
    expect(nullDevice.allocated).toEqual(before);
    nullDevice.destroy();
  });
});
