import { describe, expect, it } from 'vitest';
import {
  add,
  evaluate,
  Graph,
  gradients,
  hits,
  multiply,
  plan,
  reshape,
  scale,
  stopGradient,
  sum,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

describe('stopGradient', () => {
  it('gives the values and no gradient', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 2, 3), [3]);
    const y = multiply(x, stopGradient(unary('square', x)));
    expect(await evaluate(device, [y, ...gradients(sum(y), [x])])).toEqual([
      Float32Array.of(1, 8, 27),
      Float32Array.of(1, 4, 9),
    ]);
    expect(() => gradients(sum(stopGradient(x)), [x])).toThrow('does not depend on tensor 0');
  });

  it('is a view, and its memory is overwritten where nothing else needs it', () => {
    const graph = new Graph();
    const x = graph.input([1024]);
    const y = unary('exp', stopGradient(reshape(scale(x, 2), [32, 32])));
    expect(plan(graph, { outputs: [y] }).byCategory.activations).toBe(4096);
  });

  it('does not let what it views be overwritten while that is needed', async () => {
    const graph = new Graph();
    const x = scale(graph.constant(Float32Array.of(1, 2), [2]), 3);
    const stopped = stopGradient(x);
    expect(await evaluate(device, [unary('square', stopped), unary('negate', x), stopped])).toEqual([
      Float32Array.of(9, 36),
      Float32Array.of(-3, -6),
      Float32Array.of(3, 6),
    ]);
  });

  it('works in a checkpoint', async () => {
    const slopes = (wrap: (graph: Graph, trace: () => void) => void) => {
      const graph = new Graph();
      const x = graph.constant(Float32Array.of(0.5, -1, 2), [3]);
      let y = x;
      wrap(graph, () => {
        const e = unary('exp', x);
        y = unary('square', add(multiply(e, stopGradient(unary('tanh', e))), x));
      });
      return evaluate(device, gradients(sum(y), [x]));
    };
    const kept = await slopes((_graph, trace) => trace());
    expect(await slopes((graph, trace) => graph.checkpoint(trace))).toEqual(kept);
  });

  it('lets an operation without a derivative stand behind it', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 2, 3, 0), [2, 2]);
    const targets = graph.constant(Uint32Array.of(1, 1), [2]);
    const weighted = (scores: typeof x) => sum(multiply(hits(scores, targets), sum(x, [1])));
    expect(() => gradients(weighted(x), [x])).toThrow('hits: has no derivative');
    expect(await evaluate(device, gradients(weighted(stopGradient(x)), [x]))).toEqual([Float32Array.of(1, 1, 0, 0)]);
  });
});
