import { describe, expect, it } from 'vitest';
import {
  Arena,
  batchNorm,
  batchNormInference,
  evaluate,
  Graph,
  gradients,
  Program,
  plan,
  storeRunningStatistics,
  sum,
} from '../src/index.ts';
import { channelMoments } from './cases/batch-norm.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

describe('batchNorm', () => {
  it('keeps the variance of numbers far from zero', async () => {
    const shape = [64, 4];
    // Multiples of 2^-10 beside 4096 are exact in f32; their squares are not.
    const data = randomNumbers(256, 3).map((value) => 4096 + Math.round(value * 512) / 1024);
    const graph = new Graph();
    const [one, zero] = [1, 0].map((value) => graph.constant(new Float32Array(4).fill(value), [4]));
    const { mean, variance } = batchNorm(graph.constant(data, shape), one, zero);
    const actual = await evaluate(device, [mean, variance]);
    const moments = channelMoments({ shape, data: Float64Array.from(data) });
    expectClose(
      actual[0],
      moments.map((each) => each.mean),
      { absolute: 0, relative: 1e-6 },
      'mean',
    );
    expectClose(
      actual[1],
      moments.map((each) => each.variance),
      { absolute: 0, relative: 1e-3 },
      'variance',
    );
  });

  it('moves running statistics, which inference uses', async () => {
    const state = new Arena('state', 'workspace');
    const running = { mean: state.add('mean', [3]), variance: state.add('variance', [3]) };
    device.write(running.variance, Float32Array.of(1, 1, 1));
    const graph = new Graph();
    const x = graph.input([5, 3]);
    const [scale, shift] = [
      graph.constant(Float32Array.of(2, 3, 4), [3]),
      graph.constant(Float32Array.of(1, 0, -1), [3]),
    ];
    storeRunningStatistics(batchNorm(x, scale, shift), running, 0.25);
    const program = await Program.create(device, plan(graph));
    const expected = [0, 1, 2].map(() => ({ mean: 0, variance: 1 }));
    for (const seed of [1, 2, 3]) {
      const data = randomNumbers(15, seed, -2, 5);
      program.write(x, data);
      program.run();
      for (const [channel, moments] of channelMoments({ shape: [5, 3], data: Float64Array.from(data) }).entries()) {
        expected[channel].mean += 0.25 * (moments.mean - expected[channel].mean);
        // Five rows: 5 / 4 of the variance by count.
        expected[channel].variance += 0.25 * (1.25 * moments.variance - expected[channel].variance);
      }
    }
    const sampling = new Graph();
    const [mean, variance] = [sampling.variable(running.mean), sampling.variable(running.variance)];
    const parameters = [
      sampling.constant(Float32Array.of(2, 3, 4), [3]),
      sampling.constant(Float32Array.of(1, 0, -1), [3]),
    ];
    const zero = sampling.constant(new Float32Array(3), [1, 3]);
    const y = batchNormInference(zero, parameters[0], parameters[1], { mean, variance });
    const actual = await evaluate(device, [mean, variance, y]);
    expectClose(
      actual[0],
      expected.map((each) => each.mean),
      TOLERANCE.reduction,
      'mean',
    );
    expectClose(
      actual[1],
      expected.map((each) => each.variance),
      TOLERANCE.reduction,
      'variance',
    );
    const normalised = expected.map((each) => -each.mean / Math.sqrt(each.variance + 1e-5));
    expectClose(actual[2], [2 * normalised[0] + 1, 3 * normalised[1], 4 * normalised[2] - 1], TOLERANCE.reduction, 'y');
    program.destroy();
    device.release(state);
  });

  it('refuses what does not fit', () => {
    const graph = new Graph();
    const [x, three, two] = [graph.input([5, 3]), graph.input([3]), graph.input([2])];
    expect(() => batchNorm(x, two, three)).toThrow('batchNorm: scale must be [3], got [2].');
    expect(() => batchNorm(graph.input([]), three, three)).toThrow('batchNorm: x must have a last axis, got [].');
    expect(() => batchNorm(graph.input([3], 'u32'), three, three)).toThrow('batchNorm: x must be f32, got u32 [3].');
    const statistics = { mean: three, variance: graph.input([3, 1]) };
    expect(() => batchNormInference(x, three, three, statistics)).toThrow(
      'batchNormInference: variance must be [3], got [3, 1].',
    );
    expect(() => gradients(sum(batchNorm(x, three, three).mean), [x])).toThrow(
      'batchNorm: no gradient flows through the statistics; leave them out of the loss.',
    );
  });
});
