import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  BASE_LIMITS,
  broadcast,
  cast,
  divide,
  dropout,
  elementCount,
  evaluate,
  Graph,
  gatherAlong,
  gaussianSample,
  gradients,
  multiply,
  plan,
  scale,
  softmax,
  store,
  subtract,
  sum,
  type Tensor,
  unary,
} from '../src/index.ts';
import { fuse } from '../src/plan/fusion.ts';
import { Sharing } from '../src/plan/sharing.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';
import { buildGraph, stateArena, steps } from './support/random-graph.ts';

const device = await testDevice();

const labels = (outputs: readonly Tensor[]) =>
  plan(outputs[0].graph, { outputs }).dispatches.map(({ kernel }) => kernel.label);

describe('fusion', () => {
  it('makes one kernel of a chain, with broadcast operands and one tensor used twice', async () => {
    for (const [rows, columns] of [
      [3, 8],
      [5, 7],
    ]) {
      const graph = new Graph();
      const [x, y] = [randomNumbers(rows * columns, 1), randomNumbers(columns, 2, 0.5, 1)];
      const [a, b] = [graph.constant(x, [rows, columns]), graph.constant(y, [columns])];
      const result = scale(divide(unary('tanh', multiply(add(a, b), a)), b), 3);
      expect(labels([result])).toEqual(['add + multiply + tanh + divide + scale']);
      const [values] = await evaluate(device, [result]);
      const expected = Array.from(x, (v, index) => {
        const w = y[index % columns];
        return (3 * Math.tanh((v + w) * v)) / w;
      });
      expectClose(values, expected, TOLERANCE.reduction, 'chain');
    }
  });

  it('makes one kernel of a tree', async () => {
    const graph = new Graph();
    const [x, y] = [graph.constant(Float32Array.of(1, 2), [2]), graph.constant(Float32Array.of(3, 5), [2])];
    const result = subtract(multiply(x, y), unary('square', add(x, y)));
    expect(labels([result])).toHaveLength(1);
    expect(await evaluate(device, [result])).toEqual([Float32Array.of(3 - 16, 10 - 49)]);
  });

  it('draws random numbers by the place in the output, as unfused', async () => {
    const graph = new Graph();
    const [seed, same] = [5, 5].map((value) => graph.constant(Uint32Array.of(value), [1]));
    const x = graph.constant(randomNumbers(64, 1), [8, 8]);
    const alone = dropout(x, 0.5, seed, 3);
    const fused = scale(dropout(scale(x, 1), 0.5, same, 3), 2);
    expect(labels([fused])).toHaveLength(1);
    const [one, two] = await evaluate(device, [alone, fused]);
    expect(two).toEqual(one.map((value) => 2 * value));
    expect(labels([gaussianSample(x, x, seed, 0)])).toHaveLength(1);
  });

  it('leaves values alone that are kept, used twice, or of another shape', () => {
    const graph = new Graph();
    const x = graph.input([4, 4]);
    const kept = unary('exp', x);
    expect(labels([kept, unary('tanh', kept)])).toEqual(['exp', 'tanh']);
    const twice = unary('sqrt', x);
    expect(labels([add(unary('tanh', twice), multiply(twice, x))])).toHaveLength(2);
    const row = unary('exp', graph.input([4]));
    expect(labels([add(x, row)])).toEqual(['exp', 'add']);
    expect(labels([add(broadcast(row, [4, 4]), x)])).toEqual(['exp', 'broadcast + add']);
  });

  it.each([
    ['rows that threads share', [1024, 512], [512], [1024, 1]],
    ['rows longer than what threads share', [2, 262_144], [262_144], [2, 1]],
    ['rows of odd length', [4, 3, 43_691], [3, 43_691], [4, 1, 1]],
  ])('computes large values by threads of four: %s', async (_name, shape, row, column) => {
    const graph = new Graph();
    const shapes = [shape, row, column, []];
    const data = shapes.map((each, index) => randomNumbers(elementCount(each), index + 1));
    const [x, a, b, c] = shapes.map((each, index) => graph.constant(data[index], each));
    const result = multiply(add(multiply(x, a), b), c);
    expect(labels([result])).toHaveLength(1);
    const [actual] = await evaluate(device, [result]);
    const period = elementCount(row);
    const length = elementCount(shape) / elementCount(column);
    const expected = Float64Array.from(data[0], (value, index) => {
      return (value * data[1][index % period] + data[2][Math.floor(index / length)]) * data[3][0];
    });
    expectClose(actual, expected, TOLERANCE.elementwise, 'result');
  });

  it('spreads the gradient of a sum where it is used, not over memory of its own', () => {
    const graph = new Graph();
    const x = unary('exp', graph.input([4, 8]));
    const slopes = gradients(sum(multiply(x, graph.input([4, 8]))), [x]);
    expect(labels(slopes)).toEqual(['broadcast + multiply']);
  });

  it('reads no more than seven inputs in a kernel', async () => {
    const graph = new Graph();
    const inputs = Array.from({ length: 12 }, (_, index) => graph.constant(Float32Array.of(2 ** index), [1]));
    const total = inputs.reduce((sum, input) => add(sum, input));
    for (const { operands } of plan(graph, { outputs: [total] }).dispatches) {
      expect(operands.length).toBeLessThanOrEqual(8);
    }
    expect(await evaluate(device, [total])).toEqual([Float32Array.of(2 ** 12 - 1)]);
  });

  it('does not read a slot later than it is changed', async () => {
    const arena = new Arena('state', 'workspace');
    const slot = arena.add('state', [2]);
    device.write(slot, Float32Array.of(1, 2));
    const graph = new Graph();
    const before = scale(graph.variable(slot), 10);
    store(graph.constant(Float32Array.of(7, 8), [2]), slot);
    expect(await evaluate(device, [add(before, before)])).toEqual([Float32Array.of(20, 40)]);
    const next = new Graph();
    device.write(slot, Float32Array.of(1, 2));
    const old = scale(next.variable(slot), 10);
    store(next.constant(Float32Array.of(7, 8), [2]), slot);
    expect(await evaluate(device, [unary('negate', old)])).toEqual([Float32Array.of(-10, -20)]);
  });

  it('does not count on the memory of integers for a result of floats', () => {
    const graph = new Graph();
    const ids = gatherAlong(graph.input([1024], 'u32'), graph.input([1024], 'u32'));
    const floats = cast(ids, 'f32');
    const others = softmax(graph.input([1024]));
    const scaled = multiply(floats, sum(others));
    // Two values at a time and the sum; fused with the cast, the product would need the ids beside both results.
    const planned = plan(graph, { outputs: [scaled, others] });
    expect(planned.byCategory.activations).toBeLessThan(3 * 4096);
    expect(planned.nodes).toHaveLength(graph.nodes.length);
  });

  it('never takes more memory', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { graph, tensors } = buildGraph(list, stateArena());
        const consumed = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
        const kept = tensors.filter((tensor) => !consumed.has(tensor));
        // What is alive at once at most: how well that packs is up to the packing, which is not monotonic.
        const most = (nodes: Graph['nodes']) => {
          const sharing = new Sharing(graph, nodes, kept, { activations: false, tensors: [] }, BASE_LIMITS);
          for (const [index, node] of nodes.entries()) sharing.visit(node, index);
          const alive = (time: number) =>
            sharing.blocks
              .filter(({ first, last, slot }) => slot === undefined && first <= time && time <= last)
              .reduce((total, { elements }) => total + elements, 0);
          return Math.max(0, ...nodes.map((_, time) => alive(time)));
        };
        expect(most(fuse(graph.nodes, kept))).toBeLessThanOrEqual(most(graph.nodes));
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});
