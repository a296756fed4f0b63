import { describe, expect, it } from 'vitest';
import {
  argMax,
  evaluate,
  Graph,
  gradients,
  max,
  maximum,
  maxPool2d,
  minimum,
  reshape,
  sum,
  type UnaryName,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

const vector = (graph: Graph, values: readonly number[]) => graph.constant(Float32Array.from(values), [values.length]);

describe('functions of one variable far from 0', () => {
  /** The limits of f, f' and f'' at -infinity and infinity; x stands for itself. */
  it.each<[UnaryName, readonly (number | 'x')[], readonly (number | 'x')[]]>([
    ['sigmoid', [0, 0, 0], [1, 0, 0]],
    ['tanh', [-1, 0, 0], [1, 0, 0]],
    ['elu', [-1, 0, 0], ['x', 1, 0]],
    ['silu', [0, 0, 0], ['x', 1, 0]],
    ['softplus', [0, 0, 0], ['x', 1, 0]],
    ['gelu', [0, 0, 0], ['x', 1, 0]],
  ])('%s has its limits there, and so have its derivatives', async (name, below, above) => {
    const graph = new Graph();
    const values = [-3e38, -1e30, -1e10, -1e4, -200, 200, 1e4, 1e10, 1e30, 3e38];
    const x = vector(graph, values);
    const y = unary(name, x);
    const [first] = gradients(sum(y), [x]);
    const [second] = gradients(sum(first), [x]);
    const results = await evaluate(device, [y, first, second]);
    for (const [order, result] of results.entries()) {
      for (const [index, value] of values.entries()) {
        const limit = (value < 0 ? below : above)[order];
        const expected = limit === 'x' ? value : limit;
        const error = Math.abs(result[index] - expected);
        expect(error, `derivative ${order} at ${value}: ${result[index]}`).toBeLessThanOrEqual(
          1e-6 * Math.abs(expected) + 1e-30,
        );
      }
    }
  });
});

describe('NaN is not hidden', () => {
  const hidden = (values: ArrayLike<number>) => Array.from(values, Number.isNaN);

  it.each<UnaryName>(['abs', 'silu', 'softplus', 'gelu'])('by %s', async (name) => {
    const graph = new Graph();
    const [y] = await evaluate(device, [unary(name, vector(graph, [Number.NaN, 1]))]);
    expect(hidden(y)).toEqual([true, false]);
  });

  it.each([
    ['maximum', maximum],
    ['minimum', minimum],
  ])('by %s', async (_, extreme) => {
    const graph = new Graph();
    const [a, b] = [
      [Number.NaN, 1, Number.NaN, 1],
      [1, Number.NaN, Number.NaN, 1],
    ];
    const [y] = await evaluate(device, [extreme(vector(graph, a), vector(graph, b))]);
    expect(hidden(y)).toEqual([true, true, true, false]);
  });

  it.each([3, 5_000])('by max and argMax of %i elements, wherever it stands', async (length) => {
    const graph = new Graph();
    const place = Math.floor(length / 2);
    const places = [0, place, length - 1];
    const rows = places.flatMap((at) =>
      Array.from({ length }, (_, i) => (i === at || i === length - 1 ? Number.NaN : i)),
    );
    const x = reshape(vector(graph, [...rows, ...new Array(length).fill(7)]), [4, length]);
    const [largest, at] = await evaluate(device, [max(x, [1]), argMax(x)]);
    expect(hidden(largest)).toEqual([true, true, true, false]);
    expect([...at]).toEqual([...places, 0]);
  });

  it.each([1, 4])('by maxPool2d of %i channels', async (channels) => {
    const graph = new Graph();
    const pixels = (at: number) =>
      Array.from({ length: 4 * channels }, (_, i) => (i === at * channels ? Number.NaN : i));
    const x = graph.constant(Float32Array.from([0, 1, 2, 3].flatMap(pixels)), [4, 2, 2, channels]);
    const [y] = await evaluate(device, [maxPool2d(x, { size: 2 })]);
    expect(hidden(y)).toEqual(Array.from({ length: 4 * channels }, (_, i) => i % channels === 0));
  });
});
