import { describe, expect, it } from 'vitest';
import { dropout, evaluate, Graph, gradients, sum } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

describe('dropout', () => {
  const masked = async (seed: number, stream: number) => {
    const graph = new Graph();
    const ones = graph.constant(new Float32Array(4000).fill(1), [4000]);
    const [values] = await evaluate(device, [dropout(ones, 0.25, graph.constant(Uint32Array.of(seed), [1]), stream)]);
    return values;
  };

  it('keeps three quarters, scaled so that the mean stays', async () => {
    const values = await masked(1, 0);
    const kept = values.filter((value) => value !== 0);
    expect([...new Set(kept)]).toEqual([Math.fround(1 / 0.75)]);
    // 4000 draws at 3/4: standard deviation 27, so 110 is four of them.
    expect(Math.abs(kept.length - 3000)).toBeLessThan(110);
  });

  it.each([2 ** -40, 1 - 2 ** -40, 1])('drops none or all at a rate next to 0 or 1: %d', async (rate) => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(2, 3, Number.POSITIVE_INFINITY), [3]);
    const y = dropout(x, rate, graph.constant(Uint32Array.of(1), []), 0);
    const [dx] = gradients(sum(y), [x]);
    const [values, slopes] = await evaluate(device, [y, dx]);
    const keeps = rate < 0.5;
    expect(values).toEqual(keeps ? Float32Array.of(2, 3, Number.POSITIVE_INFINITY) : new Float32Array(3));
    expect(slopes).toEqual(new Float32Array(3).fill(keeps ? 1 : 0));
  });

  it('scales by the share that it really keeps', async () => {
    // To the nearest multiple of 2^-32 this rate keeps 3 of 2^32, where 1 / (1 - rate) would be 2^32 / 3.4.
    const graph = new Graph();
    const y = dropout(graph.input([4]), 1 - 3.4 / 2 ** 32, graph.constant(Uint32Array.of(1), []), 0);
    const node = y.source.kind === 'node' ? y.source.node : undefined;
    expect(node?.operation.formula?.(node).expression).toContain(`${Math.fround(2 ** 32 / 3).toExponential()}`);
  });

  it.each([-0.1, 1.0000001, Number.NaN])('refuses a rate of %d', (rate) => {
    const graph = new Graph();
    const refused = () => dropout(graph.input([3]), rate, graph.input([], 'u32'), 0);
    expect(refused).toThrow(`dropout: 0 <= rate ${rate} <= 1 must hold.`);
  });

  it('draws the same mask for the same seed and stream, another for others', async () => {
    expect(await masked(1, 0)).toEqual(await masked(1, 0));
    expect(await masked(1, 0)).not.toEqual(await masked(2, 0));
    expect(await masked(1, 0)).not.toEqual(await masked(1, 1));
  });

  it('passes gradients through the elements it kept', async () => {
    const graph = new Graph();
    const x = graph.constant(randomNumbers(1000, 3), [1000]);
    const seed = graph.constant(Uint32Array.of(9), [1]);
    const y = dropout(x, 0.5, seed, 4);
    const [dx] = gradients(sum(y), [x]);
    const [values, slopes] = await evaluate(device, [y, dx]);
    expect(slopes).toEqual(values.map((value) => (value === 0 ? 0 : 2)));
  });
});
