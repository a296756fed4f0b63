import { describe, expect, it } from 'vitest';
import {
  batchNorm,
  batchNormInference,
  binaryCrossEntropy,
  crossEntropy,
  crossEntropyRows,
  embedding,
  evaluate,
  Graph,
  gather,
  gradients,
  hits,
  layerNorm,
  logSoftmax,
  mean,
  multiply,
  Program,
  plan,
  reshape,
  slice,
  softmax,
  sum,
  sumOfSquares,
  type Tensor,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

/** Numbers that only the device sees: what is cut from an input is not checked when it is written. */
function unchecked(graph: Graph, numbers: readonly number[]): Tensor {
  return slice(graph.constant(Uint32Array.from([...numbers, 0]), [numbers.length + 1]), 0, numbers.length);
}

const filled = (graph: Graph, shape: readonly number[], value: number) =>
  graph.constant(new Float32Array(shape.reduce((count, size) => count * size, 1)).fill(value), shape);

describe('numbers of rows and classes that do not exist', () => {
  it.each([3, 8])('give embedding and gather zeros of width %i, and no gradient', async (width) => {
    const graph = new Graph();
    const data = randomNumbers(4 * width, 1);
    const table = graph.constant(data, [4, width]);
    const ids = unchecked(graph, [1, 4, 3, 4_294_967_295]);
    const taken = embedding(table, ids);
    const [values, same, slopes] = await evaluate(device, [
      taken,
      gather(table, ids),
      ...gradients(sum(taken), [table]),
    ]);
    const row = (id: number) => [...data.subarray(id * width, (id + 1) * width)];
    const zeros = new Array(width).fill(0);
    const ones = new Array(width).fill(1);
    expect([...values]).toEqual([...row(1), ...zeros, ...row(3), ...zeros]);
    expect(same).toEqual(values);
    expect([...slopes]).toEqual([...zeros, ...ones, ...zeros, ...ones]);
  });

  it.each([
    [3, 0],
    [8, 0.1],
  ])('give crossEntropy of %i classes smoothed by %f no loss and no gradient', async (classes, labelSmoothing) => {
    const graph = new Graph();
    const logits = graph.constant(randomNumbers(3 * classes, 2), [3, classes]);
    const loss = crossEntropyRows(logits, unchecked(graph, [classes, 0, 99]), { labelSmoothing });
    const [rows, slopes] = await evaluate(device, [loss, ...gradients(sum(loss), [logits])]);
    expect([rows[0], rows[2]]).toEqual([0, 0]);
    expect(rows[1]).toBeGreaterThan(0);
    const isZero = [...slopes].map((slope) => slope === 0);
    expect(isZero).toEqual(isZero.map((_, index) => index < classes || index >= 2 * classes));
  });

  it('are never hits', async () => {
    const graph = new Graph();
    const scores = graph.constant(Float32Array.of(0, 1, 1, 0, Number.NaN, 1, 1, 1), [4, 2]);
    const [values] = await evaluate(device, [hits(scores, unchecked(graph, [2, 0, 0, 0]))]);
    expect([...values]).toEqual([0, 1, 0, 1]);
  });

  it('are refused where they are written', async () => {
    const graph = new Graph();
    const ids = graph.input([2, 3], 'u32');
    const targets = graph.input([6], 'u32');
    const rows = embedding(graph.input([7, 5]), reshape(ids, [6]));
    const loss = sum(crossEntropyRows(rows, targets));
    const program = await Program.create(device, plan(graph, { outputs: [loss] }));
    expect(() => program.write(ids, Uint32Array.of(6, 0, 0, 7, 9, 0))).toThrow(
      'write: input 0 [2, 3]: number 3 is 7, but embedding needs all to be below 7.',
    );
    expect(() => program.write(targets, Uint32Array.of(5, 0, 0, 0, 0, 0))).toThrow(
      'write: input 1 [6]: number 0 is 5, but crossEntropy needs all to be below 5.',
    );
    program.write(ids, Uint32Array.of(6, 0, 0, 0, 0, 6));
    program.destroy();
    const other = new Graph();
    const wrong = other.constant(Uint32Array.of(2), [1]);
    await expect(evaluate(device, [hits(other.input([1, 2]), wrong)])).rejects.toThrow('number 0 is 2, but hits');
    const rowsOfMany = gather(other.input([2, 3, 4]), wrong);
    await expect(evaluate(device, [rowsOfMany])).rejects.toThrow('number 0 is 2, but gather needs all to be below 2.');
  });
});

describe('losses over nothing', () => {
  it('are 0 with gradients of 0', async () => {
    const graph = new Graph();
    const x = graph.constant(randomNumbers(12, 3), [3, 4]);
    const losses = [
      crossEntropy(x, graph.constant(Uint32Array.of(0, 1, 2), [3]), filled(graph, [3], 0)),
      binaryCrossEntropy(x, filled(graph, [3, 4], 1), filled(graph, [3, 1], 0)),
    ];
    const slopes = losses.flatMap((loss) => gradients(loss, [x]));
    const values = await evaluate(device, [...losses, ...slopes]);
    expect(values.flatMap((each) => [...each].map(Math.abs))).toEqual(new Array(26).fill(0));
  });
});

describe('rows of nothing but minus infinity', () => {
  it.each([3, 8, 516])('of %i columns become zeros, and their logarithms stay', async (columns) => {
    const graph = new Graph();
    const x = filled(graph, [2, columns], Number.NEGATIVE_INFINITY);
    const y = softmax(x);
    const [share, logarithm, slopes] = await evaluate(device, [y, logSoftmax(x), ...gradients(sum(y), [x])]);
    expect([...share, ...slopes].every((value) => value === 0)).toBe(true);
    expect(logarithm.every((value) => value === Number.NEGATIVE_INFINITY)).toBe(true);
  });
});

describe('equal values', () => {
  it.each([7, 300, 516])('of rows of %i have no deviation', async (columns) => {
    const graph = new Graph();
    const x = filled(graph, [3, columns], 12345.678);
    const y = layerNorm(x, filled(graph, [columns], 1), filled(graph, [columns], 0));
    const [values] = await evaluate(device, [y]);
    expect(values.every((value) => value === 0)).toBe(true);
  });

  it.each([5, 300, 5000])('of %i rows have no deviation in channels', async (rows) => {
    const graph = new Graph();
    const x = filled(graph, [rows, 3], 12345.678);
    const [one, zero] = [filled(graph, [3], 1), filled(graph, [3], 0)];
    const { output, mean: average, variance } = batchNorm(x, one, zero);
    const later = batchNormInference(x, one, zero, { mean: filled(graph, [3], 12345.678), variance: zero });
    const [y, means, variances, z] = await evaluate(device, [output, average, variance, later]);
    expect([...y, ...variances, ...z].every((value) => value === 0)).toBe(true);
    expect(means).toEqual(new Float32Array(3).fill(12345.678));
  });
});

describe('long sums', () => {
  const tenth = Math.fround(0.1);
  const close = { absolute: 0, relative: 1e-6 };

  it('of all elements and of their squares do not drift', async () => {
    const count = 2 ** 22 + 3;
    const graph = new Graph();
    const x = filled(graph, [count], 0.1);
    const whole = slice(x, 0, 2 ** 22);
    const [total, even, squares, average] = await evaluate(device, [sum(x), sum(whole), sumOfSquares(x), mean(x)]);
    expectClose(total, [count * tenth], close, 'sum');
    expectClose(even, [2 ** 22 * tenth], close, 'sum in vectors');
    expectClose(squares, [count * tenth ** 2], close, 'sum of squares');
    expectClose(average, [tenth], close, 'mean');
  });

  it.each([1, 3, 8, 40])('over rows of %i columns, as of a bias, do not drift', async (columns) => {
    const rows = 150_000;
    const graph = new Graph();
    const [totals] = await evaluate(device, [sum(filled(graph, [rows, columns], 0.1), [0])]);
    expectClose(totals, new Array(columns).fill(rows * tenth), close, 'sums');
  });

  it('of gradients of normalisation and embedding do not drift', async () => {
    const rows = 60_000;
    const graph = new Graph();
    const x = graph.constant(randomNumbers(rows * 2, 4), [rows, 2]);
    const weights = filled(graph, [rows, 2], 0.1);
    const parameters = [filled(graph, [2], 1), filled(graph, [2], 0)];
    const table = filled(graph, [3, 2], 1);
    const losses = [
      [layerNorm(x, parameters[0], parameters[1]), parameters[1]],
      [batchNorm(x, parameters[0], parameters[1]).output, parameters[1]],
      [embedding(table, graph.constant(new Uint32Array(rows).fill(1), [rows])), table],
    ].flatMap(([y, parameter]) => gradients(sum(multiply(y, weights)), [parameter]));
    const [layer, batch, rowsOfTable] = await evaluate(device, losses);
    const expected = [rows * tenth, rows * tenth];
    expectClose(layer, expected, close, 'layer norm');
    expectClose(batch, expected, close, 'batch norm');
    expectClose(rowsOfTable, [0, 0, ...expected, 0, 0], close, 'embedding');
  });

  it('over rows are those of float64 where they are cut into uneven parts', async () => {
    for (const [rows, columns] of [
      [4099, 2],
      [1031, 33],
      [700, 64],
      [2051, 128],
    ]) {
      const graph = new Graph();
      const data = randomNumbers(rows * columns, 6);
      const [totals] = await evaluate(device, [sum(graph.constant(data, [rows, columns]), [0])]);
      const expected = new Float64Array(columns);
      for (const [index, value] of data.entries()) expected[index % columns] += value;
      expectClose(totals, expected, TOLERANCE.reduction, `${rows}x${columns}`);
    }
  });
});
