import { describe, expect, it } from 'vitest';
import { embedding, evaluate, Graph, gradients, multiply, plan, sum } from '../src/index.ts';
import { type Operation, operations } from '../src/operation.ts';
import { testDevice } from './support/device.ts';
import { randomIds, randomNumbers } from './support/numbers.ts';
import { withVariant } from './support/variants.ts';

const device = await testDevice();

describe('a thread a row and a workgroup a row', () => {
  const logarithm = { logarithm: true };
  const smoothing = { labelSmoothing: 0.1 };
  // Names of operations with their attributes, and what their inputs are: (N, C), (C) or (N) of f32, or (N) of u32.
  const cases: [string, Operation<never>, object, string[]][] = [
    ['softmax', operations.softmax, { logarithm: false }, ['rows']],
    ['logSoftmax', operations.softmax, logarithm, ['rows']],
    ['softmaxGradient', operations.softmaxGradient, { logarithm: false }, ['rows', 'rows']],
    ['logSoftmaxGradient', operations.softmaxGradient, logarithm, ['rows', 'rows']],
    ['layerNorm', operations.layerNorm, {}, ['rows', 'columns', 'columns']],
    ['layerNormGradient', operations.layerNormGradient, {}, ['rows', 'rows', 'columns', 'row', 'row']],
    ['crossEntropy', operations.crossEntropy, smoothing, ['rows', 'ids']],
    ['crossEntropyGradient', operations.crossEntropyGradient, smoothing, ['rows', 'ids', 'row', 'row']],
    ['hits', operations.hits, {}, ['rows', 'ids']],
  ].map(([name, operation, attributes, inputs]) => [name, operation, attributes, inputs] as never);

  it.each(cases)('give the same bits: %s', async (_name, operation, attributes, inputs) => {
    for (const [rows, columns] of [
      [5, 33],
      [3, 131],
      [70, 132],
      [2, 1028],
    ]) {
      const graph = new Graph();
      const tensors = inputs.map((kind, index) => {
        if (kind === 'ids') return graph.constant(randomIds(rows, index, columns), [rows]);
        const shape = kind === 'rows' ? [rows, columns] : [kind === 'columns' ? columns : rows];
        return graph.constant(randomNumbers(shape[0] * (shape[1] ?? 1), index, -3, 3), shape);
      });
      const results = [0, 1].map((number) => graph.apply(withVariant(operation, number), tensors, attributes as never));
      const { dispatches } = plan(graph, { outputs: results.flat() });
      expect(new Set(dispatches.map(({ kernel }) => kernel.label)).size).toBe(2);
      const values = (await evaluate(device, results.flat())).map(({ buffer }) => new Uint32Array(buffer));
      const count = results[0].length;
      expect(values.slice(count)).toEqual(values.slice(0, count));
    }
  });
});

describe('the gradient of embedding', () => {
  it.each([
    [40, 12, 5000],
    [300, 64, 700],
    [3, 2, 20_000],
  ])('of %i rows of %i taken %i times adds up in the order of the ids, every time', async (rows, width, count) => {
    const ids = randomIds(count, 8, rows);
    const slopes = randomNumbers(count * width, 9);
    const compute = async () => {
      const graph = new Graph();
      const table = graph.constant(new Float32Array(rows * width), [rows, width]);
      const taken = embedding(table, graph.constant(ids, [count]));
      return (
        await evaluate(device, gradients(sum(multiply(taken, graph.constant(slopes, [count, width]))), [table]))
      )[0];
    };
    const first = await compute();
    expect(await compute()).toEqual(first);
    // In 32 bits as the kernel does, in blocks of 32 and of 1,024.
    for (const [row, column] of [
      [0, 0],
      [rows - 1, width - 1],
      [1, 1],
    ]) {
      const terms = [...ids.keys()].filter((n) => ids[n] === row).map((n) => slopes[n * width + column]);
      const chain = (values: readonly number[]) => values.reduce((total, value) => Math.fround(total + value), 0);
      const blocks = (values: readonly number[], size: number) =>
        Array.from({ length: Math.ceil(values.length / size) }, (_, block) =>
          values.slice(block * size, (block + 1) * size),
        );
      const expected = chain(blocks(terms, 1024).map((large) => chain(blocks(large, 32).map(chain))));
      expect(first[row * width + column]).toBe(expected);
    }
  });
});
