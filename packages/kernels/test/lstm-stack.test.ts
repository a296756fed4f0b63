import { describe, expect, it } from 'vitest';
import {
  concat,
  dropout,
  elementCount,
  evaluate,
  Graph,
  type LstmLayer,
  type LstmState,
  lstmStack,
  reshape,
  type Tensor,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { randomIds, randomNumbers, TOLERANCE } from './support/numbers.ts';
import { lstmReference, matmulReference } from './support/references.ts';
import { type Reference, verify } from './support/verify.ts';

const device = await testDevice();

const [STEPS, BATCH, INPUTS] = [3, 2, 3];

interface Layer {
  readonly forward: number;
  readonly reverse?: number;
}

/** Units and widths of the inputs of every direction, from the bottom up. */
function directionsOf(layers: readonly Layer[]) {
  let inputs = INPUTS;
  return layers.flatMap(({ forward, reverse }) => {
    const below = inputs;
    inputs = forward + (reverse ?? 0);
    return [forward, ...(reverse === undefined ? [] : [reverse])].map((units) => ({ inputs: below, units }));
  });
}

/** Hands out tensors of a flat list in the order of the layers' directions. */
function layersOf<T>(layers: readonly Layer[], take: () => T): { forward: T; reverse?: T }[] {
  return layers.map(({ reverse }) =>
    reverse === undefined ? { forward: take() } : { forward: take(), reverse: take() },
  );
}

const flat = (tensors: readonly Tensor[]) => concat(tensors.map((x) => reshape(x, [elementCount(x.shape)])));

/** Projects by a matrix product and walks through each direction in float64. */
function stackReference(layers: readonly Layer[], [x, ...others]: readonly Reference[]): Float64Array {
  const next = others.values();
  const take = () => {
    const { value } = next.next();
    if (value === undefined) throw new Error('too few tensors');
    return value;
  };
  const weights = layersOf(layers, () => ({ input: take(), recurrent: take(), bias: take() }));
  const states = layersOf(layers, () => ({ hidden: take(), cell: take() }));
  const finals: number[] = [];
  let below: Reference = { shape: [STEPS * BATCH, INPUTS], data: x.data };
  for (const [index, { forward, reverse }] of weights.entries()) {
    const results = [forward, reverse].flatMap((direction, number) => {
      if (direction === undefined) return [];
      const units = direction.recurrent.shape[0];
      const data = matmulReference(below, direction.input, { bias: direction.bias });
      const state = number === 0 ? states[index].forward : states[index].reverse;
      const projected = { shape: [STEPS, BATCH, 4 * units], data };
      const all = lstmReference(projected, direction.recurrent, state?.hidden, state?.cell, number === 1);
      finals.push(...all.subarray(STEPS * BATCH * units));
      return [{ units, output: all.subarray(0, STEPS * BATCH * units) }];
    });
    const data = Array.from({ length: STEPS * BATCH }, (_, row) =>
      results.flatMap(({ units, output }) => [...output.subarray(row * units, (row + 1) * units)]),
    ).flat();
    below = { shape: [STEPS * BATCH, data.length / STEPS / BATCH], data: Float64Array.from(data) };
  }
  return Float64Array.from([...below.data, ...finals]);
}

describe('lstmStack', () => {
  it.each<[string, Layer[]]>([
    ['one layer', [{ forward: 4 }]],
    ['two layers', [{ forward: 3 }, { forward: 4 }]],
    ['both directions, unequal', [{ forward: 4, reverse: 1 }]],
    [
      'two layers in both directions',
      [
        { forward: 1, reverse: 2 },
        { forward: 2, reverse: 1 },
      ],
    ],
    ['one direction over both', [{ forward: 2, reverse: 2 }, { forward: 4 }]],
  ])('%s: output, states and gradients of everything', async (name, layers) => {
    const directions = directionsOf(layers);
    await verify(device, {
      name,
      shapes: [
        [STEPS, BATCH, INPUTS],
        ...directions.flatMap(({ inputs, units }) => [[inputs, 4 * units], [units, 4 * units], [4 * units]]),
        ...directions.flatMap(({ units }) => [
          [BATCH, units],
          [BATCH, units],
        ]),
      ],
      build: ([x, ...others]) => {
        const take = () => others.shift() ?? x;
        const weights: LstmLayer[] = layersOf(layers, () => ({ input: take(), recurrent: take(), bias: take() }));
        const initial = directions.map((): LstmState => ({ hidden: take(), cell: take() }));
        const { output, final } = lstmStack(x, weights, { initial });
        return flat([output, ...final.flatMap(({ hidden, cell }) => [hidden, cell])]);
      },
      reference: (references) => stackReference(layers, references),
      tolerance: TOLERANCE.reduction,
    });
  });

  const weightsIn = (graph: Graph, inputs: number, units: number, seed: number) => ({
    input: graph.constant(randomNumbers(inputs * 4 * units, seed), [inputs, 4 * units]),
    recurrent: graph.constant(randomNumbers(units * 4 * units, seed + 1), [units, 4 * units]),
    bias: graph.constant(randomNumbers(4 * units, seed + 2), [4 * units]),
  });

  it('reads u32 events as one-hot rows', async () => {
    const graph = new Graph();
    const ids = randomIds(STEPS * BATCH, 5, INPUTS);
    const rows = Float32Array.from(
      { length: ids.length * INPUTS },
      (_, i) => +(ids[Math.floor(i / INPUTS)] === i % INPUTS),
    );
    const layers = [{ forward: weightsIn(graph, INPUTS, 4, 1) }];
    const [events, oneHot] = await evaluate(device, [
      lstmStack(graph.constant(ids, [STEPS, BATCH]), layers).output,
      lstmStack(graph.constant(rows, [STEPS, BATCH, INPUTS]), layers).output,
    ]);
    expect(events).toEqual(oneHot);
  });

  it('drops units between layers, from a stream for each, and none behind the last', async () => {
    const graph = new Graph();
    const x = graph.constant(randomNumbers(STEPS * BATCH * INPUTS, 9), [STEPS, BATCH, INPUTS]);
    const [seed, same] = [7, 7].map((value) => graph.constant(Uint32Array.of(value), []));
    const layers = [INPUTS, 4, 4].map((inputs, index) => ({ forward: weightsIn(graph, inputs, 4, 10 * index) }));
    let byHand = x;
    for (const [index, layer] of layers.entries()) {
      const { output } = lstmStack(byHand, [layer]);
      byHand = index === 2 ? output : dropout(output, 0.5, same, 20 + index);
    }
    const dropped = lstmStack(x, layers, { dropout: { rate: 0.5, seed, stream: 20 } }).output;
    const [actual, expected, whole] = await evaluate(device, [dropped, byHand, lstmStack(x, layers).output]);
    expect(actual).toEqual(expected);
    expect(actual).not.toEqual(whole);
  });

  it('refuses no layers, states for other layers, and flat inputs', () => {
    const graph = new Graph();
    const x = graph.input([STEPS, BATCH, INPUTS]);
    const layers = [{ forward: weightsIn(graph, INPUTS, 4, 1) }];
    expect(() => lstmStack(x, [])).toThrow('lstmStack: needs at least one layer, got none.');
    expect(() => lstmStack(x, layers, { initial: [] })).toThrow('lstmStack: 1 states are needed, got 0.');
    expect(() => lstmStack(graph.input([6, 3]), layers)).toThrow(
      'lstmStack: x must be (T, B, I), or u32 (T, B), got [6, 3].',
    );
  });
});
