import { describe, expect, it } from 'vitest';
import {
  evaluate,
  Graph,
  gaussian,
  gaussianDivergence,
  gaussianNoise,
  gaussianSample,
  gradients,
  mean,
  sum,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, TOLERANCE } from './support/numbers.ts';
import { verify } from './support/verify.ts';

const device = await testDevice();
const seedOf = (graph: Graph, seed: number) => graph.constant(Uint32Array.of(seed), []);

describe('gaussian', () => {
  const count = 100_000;
  const draws = Float64Array.from({ length: count }, (_, index) => gaussian(index, 5, 42));
  const moment = (power: number) => draws.reduce((total, value) => total + value ** power, 0) / count;

  it.each([
    // Moments of N(0, 1), and the variance of their powers: E x^2p - (E x^p)^2.
    [1, 0, 1],
    [2, 1, 2],
    [3, 0, 15],
    [4, 3, 96],
    [6, 15, 10_170],
  ])('has moment %i of the normal distribution', (power, expected, variance) => {
    expect(Math.abs(moment(power) - expected)).toBeLessThan(4 * Math.sqrt(variance / count));
  });

  it('has its tails', () => {
    const beyond = draws.filter((value) => Math.abs(value) > 3).length;
    // 0.0027 of 100,000 is 270, with a standard deviation of 16.4.
    expect(Math.abs(beyond - 270)).toBeLessThan(66);
  });

  it('does not repeat itself from index to index, stream to stream, seed to seed', () => {
    const correlation = (other: (index: number) => number) =>
      Math.abs(draws.reduce((total, value, index) => total + value * other(index), 0) / count);
    // Independent pairs: standard deviation 1 / sqrt(100,000) = 0.0032.
    expect(correlation((index) => gaussian(index + 1, 5, 42))).toBeLessThan(0.013);
    expect(correlation((index) => gaussian(index, 6, 42))).toBeLessThan(0.013);
    expect(correlation((index) => gaussian(index, 5, 43))).toBeLessThan(0.013);
  });
});

describe('gaussianNoise', () => {
  it('is the same for the same seed and stream, another for others', async () => {
    const noise = async (seed: number, stream: number) => {
      const graph = new Graph();
      return (await evaluate(device, [gaussianNoise([64], seedOf(graph, seed), stream)]))[0];
    };
    expect(await noise(1, 0)).toEqual(await noise(1, 0));
    expect(await noise(1, 0)).not.toEqual(await noise(2, 0));
    expect(await noise(1, 0)).not.toEqual(await noise(1, 1));
  });
});

describe('gaussianSample', () => {
  it('is mean + exp(logVariance / 2) noise, with the gradients of both', () =>
    verify(device, {
      name: 'sample',
      shapes: [
        [3, 5],
        [3, 5],
      ],
      build: ([center, logVariance], graph) => gaussianSample(center, logVariance, seedOf(graph, 7), 2),
      reference: ([center, logVariance]) =>
        center.data.map((value, i) => value + Math.exp(logVariance.data[i] / 2) * gaussian(i, 2, 7)),
      tolerance: TOLERANCE.reduction,
    }));

  it('has the mean and variance asked for', async () => {
    const graph = new Graph();
    const constant = (value: number) => graph.constant(new Float32Array(20_000).fill(value), [20_000]);
    const [values] = await evaluate(device, [
      gaussianSample(constant(3), constant(2 * Math.log(0.5)), seedOf(graph, 9), 0),
    ]);
    const average = Array.from(values).reduce((total, value) => total + value, 0) / values.length;
    const variance = Array.from(values).reduce((total, value) => total + (value - 3) ** 2, 0) / values.length;
    // Four standard deviations: 0.5 / sqrt(20,000) of the mean, 0.25 sqrt(2 / 20,000) of the variance.
    expect(Math.abs(average - 3)).toBeLessThan(0.0142);
    expect(Math.abs(variance - 0.25)).toBeLessThan(0.01);
  });
});

describe('gaussianDivergence', () => {
  const divergence = (center: ArrayLike<number>, logVariance: ArrayLike<number>, width: number) =>
    Float64Array.from({ length: center.length / width }, (_, row) => {
      const each = Array.from({ length: width }, (_unused, i) => row * width + i);
      return each.reduce((total, i) => total + (Math.exp(logVariance[i]) + center[i] ** 2 - 1 - logVariance[i]) / 2, 0);
    });

  it.each([
    [4, 3],
    [3, 8],
    [1, 1],
  ])('of %i rows of %i, with its gradients', (rows, width) =>
    verify(device, {
      name: 'divergence',
      shapes: [
        [rows, width],
        [rows, width],
      ],
      range: [-2, 2],
      build: ([center, logVariance]) => gaussianDivergence(center, logVariance),
      reference: ([center, logVariance]) => divergence(center.data, logVariance.data, width),
      tolerance: TOLERANCE.reduction,
    }),
  );

  it('is nothing for N(0, 1), and 1/2 a dimension one deviation off', async () => {
    const graph = new Graph();
    const center = graph.constant(Float32Array.of(0, 0, 0, 1, 1, 1), [2, 3]);
    const zero = graph.constant(new Float32Array(6), [2, 3]);
    expect((await evaluate(device, [gaussianDivergence(center, zero)]))[0]).toEqual(Float32Array.of(0, 1.5));
  });

  it('lets the free bits of a row go, and their gradient with them', async () => {
    const graph = new Graph();
    // 1/8 and 2 nats, of which one bit (0.693) is free.
    const center = graph.constant(Float32Array.of(0.5, 0, 2, 0), [2, 2]);
    const zero = graph.constant(new Float32Array(4), [2, 2]);
    const loss = gaussianDivergence(center, zero, { freeBits: 1 });
    const [values, slopes] = await evaluate(device, [loss, ...gradients(sum(loss), [center])]);
    expectClose(values, [0, 2 - Math.LN2], TOLERANCE.elementwise, 'divergence');
    expect(slopes).toEqual(Float32Array.of(0, 0, 2, 0));
  });

  it('agrees with the sample: the mean of log q(z) - log p(z)', async () => {
    const graph = new Graph();
    const rows = 20_000;
    const [center, logVariance] = [0.7, -0.6];
    const filled = (value: number) => graph.constant(new Float32Array(rows).fill(value), [rows, 1]);
    const [means, logVariances] = [filled(center), filled(logVariance)];
    const sample = gaussianSample(means, logVariances, seedOf(graph, 3), 1);
    const [z, [expected]] = await evaluate(device, [sample, mean(gaussianDivergence(means, logVariances))]);
    const ratio = (value: number) => (value ** 2 - (value - center) ** 2 / Math.exp(logVariance) - logVariance) / 2;
    const average = Array.from(z).reduce((total, value) => total + ratio(value), 0) / rows;
    // The ratio's standard deviation is about 0.6: four of its mean's are 0.017.
    expect(Math.abs(average - expected)).toBeLessThan(0.017);
  });

  it('refuses what it cannot mean', () => {
    const graph = new Graph();
    const [wide, narrow] = [graph.input([2, 3]), graph.input([2, 2])];
    expect(() => gaussianDivergence(wide, narrow)).toThrow(
      'gaussianDivergence: mean and logVariance must both be (N, Z), got [2, 3] and [2, 2].',
    );
    expect(() => gaussianDivergence(wide, wide, { freeBits: -1 })).toThrow('0 <= freeBits -1 must hold');
    expect(() => gaussianSample(wide, narrow, seedOf(graph, 1), 0)).toThrow('must have one shape');
    expect(() => gaussianNoise([2], wide, 0)).toThrow('gaussianNoise: seed must be u32, got f32 [2, 3].');
    expect(() => gaussianNoise([2], graph.input([2], 'u32'), 0)).toThrow('gaussianNoise: seed must be a scalar');
  });
});
