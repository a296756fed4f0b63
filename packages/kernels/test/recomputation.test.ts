import { describe, expect, it } from 'vitest';
import {
  Arena,
  add,
  ancestors,
  dropout,
  embedding,
  evaluate,
  Graph,
  gradients,
  layerNorm,
  lstm,
  matmul,
  mean,
  multiply,
  plan,
  planWithin,
  reshape,
  type Segment,
  type Slot,
  scale,
  sgd,
  slice,
  store,
  sum,
  type Tensor,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

const ROWS = 24;
const WIDTH = 8;

/** A residual network of blocks whose backward pass needs much: normalisation, two products, GELU and dropout. */
function network(blocks: number, wrap: (graph: Graph, block: () => Tensor) => Tensor = (_, block) => block()) {
  const graph = new Graph();
  const seed = graph.constant(Uint32Array.of(7), [1]);
  const weights: Tensor[] = [];
  const weight = (shape: number[]) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const tensor = graph.constant(randomNumbers(count, 100 + weights.length, -0.5, 0.5), shape);
    weights.push(tensor);
    return tensor;
  };
  let x = graph.constant(randomNumbers(ROWS * WIDTH, 1, -1, 1), [ROWS, WIDTH]);
  for (let block = 0; block < blocks; block++) {
    const [up, down] = [weight([WIDTH, 4 * WIDTH]), weight([4 * WIDTH, WIDTH])];
    const [gain, shift] = [weight([WIDTH]), weight([WIDTH])];
    const input = x;
    x = wrap(graph, () => {
      const hidden = unary('gelu', matmul(layerNorm(input, gain, shift), up));
      return add(input, dropout(matmul(hidden, down), 0.2, seed, block));
    });
  }
  return { graph, weights, loss: mean(unary('square', x)) };
}

const activations = (outputs: readonly Tensor[]) => plan(outputs[0].graph, { outputs }).byCategory.activations;

describe('checkpoint', () => {
  it('gives the same gradients bit for bit with less memory', async () => {
    const kept = network(4);
    const again = network(4, (graph, block) => graph.checkpoint(block));
    const keptGradients = gradients(kept.loss, kept.weights);
    const againGradients = gradients(again.loss, again.weights);
    expect(await evaluate(device, againGradients)).toEqual(await evaluate(device, keptGradients));
    // The gradients themselves take the same in both; the values inside three blocks of four go.
    expect(activations(againGradients)).toBeLessThan(0.75 * activations(keptGradients));
  });

  it('nests', async () => {
    const kept = network(4);
    const again = network(4, (graph, block) => graph.checkpoint(() => graph.checkpoint(block)));
    // And one around everything.
    again.graph.segments.push({ first: 0, end: again.graph.nodes.length });
    const expected = await evaluate(device, gradients(kept.loss, kept.weights));
    expect(await evaluate(device, gradients(again.loss, again.weights))).toEqual(expected);
  });

  it('differentiates by values inside a segment', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(0.5, -1, 2), [3]);
    let inside = x;
    const y = graph.checkpoint(() => {
      inside = unary('square', x);
      return unary('exp', inside);
    });
    const [dx, dInside] = await evaluate(device, gradients(sum(y), [x, inside]));
    const values = [0.5, -1, 2];
    expectClose(
      dInside,
      values.map((v) => Math.exp(v * v)),
      TOLERANCE.gradient,
      'inside',
    );
    expectClose(
      dx,
      values.map((v) => 2 * v * Math.exp(v * v)),
      TOLERANCE.gradient,
      'x',
    );
  });

  it('computes an LSTM again, states and all', async () => {
    const build = (checkpointed: boolean) => {
      const graph = new Graph();
      const [steps, batch, units] = [5, 2, 4];
      const ids = graph.constant(
        Uint32Array.from({ length: steps * batch }, (_, index) => (index * 7) % 6),
        [steps, batch],
      );
      const table = graph.constant(randomNumbers(6 * 4 * units, 1, -1, 1), [6, 4 * units]);
      const recurrent = graph.constant(randomNumbers(units * 4 * units, 2, -1, 1), [units, 4 * units]);
      const body = () => lstm(embedding(table, ids), recurrent).output;
      const output = checkpointed ? graph.checkpoint(body) : body();
      return gradients(sum(unary('square', output)), [table, recurrent]);
    };
    expect(await evaluate(device, build(true))).toEqual(await evaluate(device, build(false)));
  });

  describe('of what reads a slot', () => {
    const trace = (read: (graph: Graph, slot: Slot) => Tensor = (graph, slot) => graph.variable(slot)) => {
      const state = new Arena('state', 'parameters');
      const slot = state.add('state', [128]);
      const graph = new Graph();
      const x = graph.input([128]);
      const values = read(graph, slot);
      const checkpointed = () => graph.checkpoint(() => unary('exp', multiply(x, values)));
      return { state, slot, graph, x, checkpointed };
    };
    const refusal = /multiply: reads slot state of state, which changes before the backward pass, .*checkpoint/;

    it.each([
      ['itself', undefined],
      ['in its arena', (graph: Graph, { arena }: Slot) => graph.flat(arena)],
      ['by a view', (graph: Graph, slot: Slot) => reshape(reshape(graph.variable(slot), [2, 64]), [128])],
    ])('is refused where a store changes it afterwards: %s', (_, read) => {
      const { slot, x, checkpointed } = trace(read);
      const y = checkpointed();
      store(x, slot);
      expect(() => gradients(sum(y), [x])).toThrow(refusal);
    });

    it('is refused where an optimiser changes its arena afterwards', () => {
      const { state, graph, x, checkpointed } = trace();
      const y = checkpointed();
      const [slopes, velocity] = ['slopes', 'velocity'].map((name) => graph.flat(state.mirror(name, 'optimiser')));
      const parameters = graph.flat(state);
      sgd({ parameters, gradients: slopes, velocity }, graph.input([]), graph.input([]), 1);
      expect(() => gradients(sum(y), [x])).toThrow(refusal);
    });

    it('is computed again where it changed before', async () => {
      const { slot, graph, x, checkpointed } = trace();
      store(graph.constant(new Float32Array(128).fill(2), [128]), slot);
      const y = checkpointed();
      // d exp(2 x) / dx at x = 0
      const [slope] = await evaluate(device, gradients(sum(y), [x]));
      expect(slope).toEqual(new Float32Array(128).fill(2));
    });
  });
});

describe('planWithin', () => {
  const trace = (recompute: readonly Segment[]) => {
    const { graph, weights, loss } = network(6);
    const outputs = gradients(loss, weights, { recompute });
    return { plan: plan(graph, { outputs }), loss, outputs, recompute };
  };
  const bytes = ({ plan: { byCategory } }: ReturnType<typeof trace>) => byCategory.activations;
  const full = bytes(trace([]));

  it('computes nothing again where everything fits', async () => {
    const fit = await planWithin(full, trace, bytes);
    expect(fit).toMatchObject({ fits: true, bytes: full });
    expect(fit.pass.recompute).toEqual([]);
  });

  it('keeps to tighter and tighter budgets with more and more work, and the same numbers', async () => {
    const expected = await evaluate(device, trace([]).outputs);
    let least = 0;
    for (const share of [0.9, 0.75, 0.6, 0.5]) {
      const fit = await planWithin(full * share, trace, bytes);
      expect(fit.fits).toBe(true);
      expect(fit.bytes).toBeLessThanOrEqual(full * share);
      const work = fit.pass.plan.dispatches.length;
      expect(work).toBeGreaterThanOrEqual(least);
      least = work;
      expect(await evaluate(device, fit.pass.outputs)).toEqual(expected);
    }
  });

  it('leaves out every segment that the budget does not need', async () => {
    const { pass } = await planWithin(full * 0.7, trace, bytes);
    for (const segment of pass.recompute) {
      const fewer = pass.recompute.filter((other) => other !== segment);
      expect(bytes(trace(fewer))).toBeGreaterThan(full * 0.7);
    }
  });

  it('gives up where it is asked to between two plans', async () => {
    let pauses = 0;
    const pause = async () => {
      if (++pauses === 3) throw new Error('enough');
    };
    await expect(planWithin(1000, trace, bytes, pause)).rejects.toThrow('enough');
  });

  it('comes as close as it can to a budget that cannot be met', async () => {
    const fit = await planWithin(1000, trace, bytes);
    expect(fit.fits).toBe(false);
    expect(fit.bytes).toBe(bytes(fit.pass));
    expect(fit.bytes).toBeLessThan(full / 2);
  });

  it('counts positions among what the loss is computed from', () => {
    const { graph, loss } = network(1);
    const used = graph.nodes.length;
    scale(loss, 3);
    expect(ancestors(loss)).toEqual(graph.nodes.slice(0, used));
  });
});

describe('micro-batches', () => {
  it('add up to the gradients of the whole batch, in place', async () => {
    const [batch, width, classes] = [48, 64, 6];
    const build = (parts: number) => {
      const graph = new Graph();
      const x = graph.constant(randomNumbers(batch * width, 1, -1, 1), [batch, width]);
      const table = graph.constant(randomNumbers(classes * width, 2, -1, 1), [classes, width]);
      const ids = graph.constant(
        Uint32Array.from({ length: batch }, (_, index) => (index * 5) % classes),
        [batch],
      );
      const weights = graph.constant(randomNumbers(width * width, 3, -1, 1), [width, width]);
      const bias = graph.constant(randomNumbers(width, 4, -1, 1), [width]);
      const size = batch / parts;
      let total: Tensor[] | undefined;
      for (let part = 0; part < parts; part++) {
        const rows = slice(x, part * size, (part + 1) * size);
        const inputs = add(rows, embedding(table, slice(ids, part * size, (part + 1) * size)));
        const outputs = unary('tanh', matmul(inputs, weights, { bias }));
        const loss = scale(sum(unary('square', outputs)), 1 / (batch * width));
        total = gradients(loss, [table, weights, bias], { onto: total });
      }
      return total ?? [];
    };
    const whole = await evaluate(device, build(1));
    for (const parts of [2, 3, 12]) {
      for (const [index, gradient] of (await evaluate(device, build(parts))).entries()) {
        expectClose(gradient, Array.from(whole[index]), TOLERANCE.gradient, `${parts} parts, gradient ${index}`);
      }
    }
    // The gradients take the same whatever the number of parts, the activations a twelfth.
    const sums = 4 * (classes * width + width * width + width);
    expect(activations(build(12)) - sums).toBeLessThan(0.2 * (activations(build(1)) - sums));
  });

  it('refuses sums of other shapes', () => {
    const graph = new Graph();
    const x = graph.input([3]);
    expect(() => gradients(sum(x), [x], { onto: [graph.input([4])] })).toThrow(/sums must have the shapes/);
  });
});

describe('weights used many times', () => {
  it('gather their gradient in place of one another', async () => {
    const uses = 6;
    const values = randomNumbers(64 * 64, 1, -0.1, 0.1);
    const graph = new Graph();
    const weights = graph.constant(values, [64, 64]);
    let x = graph.constant(randomNumbers(64, 2, -1, 1), [1, 64]);
    for (let use = 0; use < uses; use++) x = matmul(x, weights);
    const loss = sum(unary('square', x));
    const [gradient] = gradients(loss, [weights]);
    const planned = plan(loss.graph, { outputs: [gradient] });
    // One place for the gradient, 16 KiB, and rows of 256 bytes: not two for the sum and the next term.
    expect(planned.byCategory.activations).toBeLessThan(1.5 * 64 * 64 * 4);
    const [slope, height] = await evaluate(device, [gradient, loss]);
    // The loss is homogeneous in W, of degree 2 uses: by Euler's theorem W . dloss/dW = 2 uses loss.
    const along = values.reduce((total, value, index) => total + value * slope[index], 0);
    expect(along / (2 * uses * height[0])).toBeCloseTo(1, 4);
  });
});
