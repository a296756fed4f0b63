import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, Graph, pcg3d, uniform, uniformArray } from '../src/index.ts';
import { PCG_WGSL } from '../src/kernels/random.ts';
import { linearDispatch, type Operation, onceDifferentiable, read, write } from '../src/operation.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

/** (N, 3) u32 -> (N, 3) u32: pcg3d of each row. */
const hash: Operation<object> = {
  name: 'hash',
  outputs: ([keys]) => [{ shape: keys.shape, dtype: 'u32' }],
  kernels: ({ inputs: [keys], outputs: [result] }) => [
    linearDispatch({
      label: 'hash',
      bindings: [read('keys', 1, 'u32'), write('result', 1, 'u32')],
      operands: [keys, result],
      threads: keys.shape[0],
      functions: PCG_WGSL,
      body: `  let value = pcg3d(vec3u(load_keys(3u * index), load_keys(3u * index + 1u), load_keys(3u * index + 2u)));
  for (var i = 0u; i < 3u; i++) { store_result(3u * index + i, value[i]); }`,
    }),
  ],
  backward: onceDifferentiable,
};

describe('pcg3d', () => {
  // Listing 4 of the paper worked out with whole numbers modulo 2^32 (Python).
  it.each([
    [
      [0, 0, 0],
      [2611992518, 2833812075, 1058359340],
    ],
    [
      [1, 2, 3],
      [4204755366, 1223881804, 1500469937],
    ],
    [
      [4294967295, 7, 2147483648],
      [1223855885, 606582131, 3355909077],
    ],
  ])('of %j is %j', (key, expected) => {
    expect(pcg3d(key[0], key[1], key[2])).toEqual(expected);
  });

  it('gives the same on the device', async () => {
    const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
    const keys = fc.sample(fc.tuple(u32, u32, u32), { numRuns: 500, seed: 3 });
    const graph = new Graph();
    const [result] = graph.apply(hash, [graph.constant(Uint32Array.from(keys.flat()), [keys.length, 3])], {});
    const [actual] = await evaluate(device, [result]);
    expect(actual).toEqual(Uint32Array.from(keys.flatMap(([a, b, c]) => pcg3d(a, b, c))));
  });
});

describe('uniform', () => {
  it.each([0, 1, 12345])('fills 256 classes evenly, stream and seed %i', (seed) => {
    const counts = new Array<number>(256).fill(0);
    const draws = 65_536;
    for (let index = 0; index < draws; index++) counts[Math.floor(uniform(index, seed, seed) * 256)]++;
    const chiSquare = counts.reduce((total, count) => total + (count - 256) ** 2 / 256, 0);
    // 255 degrees of freedom: mean 255, standard deviation 22.6; five of them either way.
    expect(Math.abs(chiSquare - 255)).toBeLessThan(113);
  });

  it('does not repeat itself from index to index, stream to stream, seed to seed', () => {
    const correlation = (pair: (index: number) => [number, number]) => {
      const pairs = Array.from({ length: 10_000 }, (_, index) => pair(index));
      return pairs.reduce((total, [a, b]) => total + (a - 0.5) * (b - 0.5), 0) / pairs.length / (1 / 12);
    };
    // Independent pairs: standard deviation 1 / sqrt(10,000) = 0.01.
    expect(Math.abs(correlation((i) => [uniform(i, 0, 0), uniform(i + 1, 0, 0)]))).toBeLessThan(0.05);
    expect(Math.abs(correlation((i) => [uniform(i, 0, 0), uniform(i, 1, 0)]))).toBeLessThan(0.05);
    expect(Math.abs(correlation((i) => [uniform(i, 0, 0), uniform(i, 0, 1)]))).toBeLessThan(0.05);
  });

  it('fills arrays within their limit, the same for the same seed', () => {
    const values = uniformArray(1000, 0.1, 2, 3);
    expect(values.every((value) => value >= -Math.fround(0.1) && value <= Math.fround(0.1))).toBe(true);
    expect(values).toEqual(uniformArray(1000, 0.1, 2, 3));
    expect(values).not.toEqual(uniformArray(1000, 0.1, 2, 4));
  });
});
