import { describe, expect, it } from 'vitest';
import {
  categorical,
  categoricalSettings,
  dropout,
  evaluate,
  Graph,
  gaussianNoise,
  gaussianSample,
  gradients,
  lstmStack,
  mean,
  multiply,
  reshape,
  sum,
  type Tensor,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

const UNITS = 8;

function stack(graph: Graph, seed: Tensor, stream: number, layerCount = 3): Tensor {
  const layer = () => ({
    forward: {
      input: graph.input([UNITS, 4 * UNITS]),
      recurrent: graph.input([UNITS, 4 * UNITS]),
      bias: graph.input([4 * UNITS]),
    },
  });
  const layers = Array.from({ length: layerCount }, layer);
  return lstmStack(graph.input([2, 2, UNITS]), layers, { dropout: { rate: 0.5, seed, stream } }).output;
}

/** Everything that draws, each from one stream or from several. */
const DRAWS: Readonly<Record<string, (graph: Graph, seed: Tensor, stream: number) => Tensor>> = {
  dropout: (graph, seed, stream) => dropout(graph.input([4]), 0.5, seed, stream),
  gaussianNoise: (_, seed, stream) => gaussianNoise([4], seed, stream),
  gaussianSample: (graph, seed, stream) => gaussianSample(graph.input([4]), graph.input([4]), seed, stream),
  categorical: (graph, seed, stream) =>
    categorical(graph.input([1, 4]), graph.constant(categoricalSettings({}), [4]), seed, stream).choice,
  lstmStack: stack,
};
const pairs = Object.keys(DRAWS).flatMap((one) => Object.keys(DRAWS).map((other) => [one, other] as const));

describe('two operations', () => {
  it.each(pairs)('cannot draw the same numbers: %s and %s', (one, other) => {
    const graph = new Graph();
    const seed = graph.input([], 'u32');
    DRAWS[one](graph, seed, 5);
    const again = () => DRAWS[other](graph, reshape(seed, [1]), 5);
    expect(again).toThrow(
      /^(dropout|gaussianNoise|categorical): (dropout|gaussianNoise|categorical) draws from stream 5 of its seed already \(at .*random-streams\.test\.ts:\d+:\d+\); take another stream or seed, or draw once and use the result twice\. \(at .*random-streams\.test\.ts:/,
    );
    expect(again).toThrow(expect.objectContaining({ code: 'random-stream' }));
    DRAWS[other](graph, seed, 7);
    DRAWS[other](graph, graph.input([], 'u32'), 5);
  });

  it('cannot do so where only the upper layers of two stacks meet', () => {
    const graph = new Graph();
    const seed = graph.input([], 'u32');
    stack(graph, seed, 0, 4);
    expect(() => stack(graph, seed, 2)).toThrow('dropout draws from stream 2 of its seed already');
    stack(graph, seed, 3);
  });

  it.each([-1, 0.5, 2 ** 32, Number.NaN])('have no stream %d', (stream) => {
    const graph = new Graph();
    const rule = `stream must be a whole number from 0 to 2^32 - 1, got ${stream}.`;
    expect(() => gaussianNoise([4], graph.input([], 'u32'), stream)).toThrow(rule);
  });
});

describe('one operation', () => {
  it('draws the same numbers where it is differentiated and computed again', async () => {
    const trace = (wrap: (graph: Graph, part: () => Tensor) => Tensor) => {
      const graph = new Graph();
      const x = graph.constant(randomNumbers(256, 1), [16, 16]);
      const seed = graph.constant(Uint32Array.of(3), []);
      const y = wrap(graph, () => multiply(dropout(unary('tanh', x), 0.5, seed, 0), gaussianNoise([16, 16], seed, 1)));
      const [slope] = gradients(mean(unary('square', y)), [x]);
      return [slope, ...gradients(sum(y), [x])];
    };
    const kept = await evaluate(
      device,
      trace((_, part) => part()),
    );
    const again = await evaluate(
      device,
      trace((graph, part) => graph.checkpoint(part)),
    );
    expect(again).toEqual(kept);
    expect(kept[0].filter((value) => value === 0).length).toBeGreaterThan(64);
  });
});
