import { describe, expect, it } from 'vitest';
import {
  add,
  crossEntropyRows,
  divide,
  evaluate,
  Graph,
  gradients,
  multiply,
  reshape,
  scale,
  slice,
  subtract,
  sum,
  unary,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();
const values = Float32Array.of(0.5, -1, 2);
const variable = (graph: Graph) => graph.constant(values, [3]);

describe('gradients', () => {
  it('adds up what flows into a tensor used many times', async () => {
    const graph = new Graph();
    const x = variable(graph);
    // x^2 + 3x + x tanh(x) - x: a tensor by itself, scaled, and twice through one operation.
    const y = subtract(add(add(multiply(x, x), scale(x, 3)), multiply(x, unary('tanh', x))), x);
    const [dx] = await evaluate(device, gradients(sum(y), [x]));
    const expected = Array.from(values, (v) => 2 * v + 3 + Math.tanh(v) + v * (1 - Math.tanh(v) ** 2) - 1);
    expectClose(dx, expected, TOLERANCE.gradient, 'dx');
  });

  it('reaches intermediate values and the loss itself', async () => {
    const graph = new Graph();
    const x = variable(graph);
    const y = unary('square', x);
    const loss = sum(scale(y, 2));
    const [dLoss, dy] = await evaluate(device, gradients(loss, [loss, y]));
    expect(dLoss).toEqual(Float32Array.of(1));
    expect(dy).toEqual(Float32Array.of(2, 2, 2));
  });

  it('differentiates one graph twice, by two losses and by itself', async () => {
    const graph = new Graph();
    const x = variable(graph);
    const cubes = multiply(multiply(x, x), x);
    const [first] = gradients(sum(cubes), [x]);
    const [other] = gradients(sum(scale(x, 5)), [x]);
    const [second] = gradients(sum(first), [x]);
    const [a, b, c] = await evaluate(device, [first, other, second]);
    expectClose(
      a,
      Array.from(values, (v) => 3 * v * v),
      TOLERANCE.gradient,
      'first',
    );
    expect(b).toEqual(Float32Array.of(5, 5, 5));
    expectClose(
      c,
      Array.from(values, (v) => 6 * v),
      TOLERANCE.gradient,
      'second',
    );
  });

  it('leaves the rest of a sliced tensor at zero', async () => {
    const graph = new Graph();
    const x = graph.constant(Float32Array.of(1, 2, 3, 4), [4, 1]);
    const [dx] = await evaluate(device, gradients(sum(unary('square', slice(x, 1, 3))), [x]));
    expect(dx).toEqual(Float32Array.of(0, 4, 6, 0));
  });

  it('broadcasts backwards to a scalar', async () => {
    const graph = new Graph();
    const [x, s] = [variable(graph), graph.constant(Float32Array.of(2), [])];
    const [ds] = await evaluate(device, gradients(sum(divide(x, s)), [s]));
    expectClose(ds, [-(0.5 - 1 + 2) / 4], TOLERANCE.gradient, 'ds');
  });

  it('refuses a tensor that the loss does not depend on', () => {
    const graph = new Graph();
    const [x, unused] = [variable(graph), variable(graph)];
    unary('exp', unused);
    expect(() => gradients(sum(x), [x, unused])).toThrow(
      'gradients: the loss does not depend on tensor 1 of those wanted.',
    );
    expect(() => gradients(sum(unary('exp', x)), [sum(x)])).toThrow('does not depend on tensor 0');
  });

  it('refuses a loss with several elements', () => {
    const x = variable(new Graph());
    expect(() => gradients(x, [x])).toThrow('gradients: the loss must be a scalar, got [3].');
  });

  it('refuses second derivatives that no operation gives', () => {
    const graph = new Graph();
    const x = variable(graph);
    const loss = sum(crossEntropyRows(reshape(x, [1, 3]), graph.constant(Uint32Array.of(1), [1])));
    const [dx] = gradients(loss, [x]);
    expect(() => gradients(sum(dx), [x])).toThrow(
      'crossEntropyGradient: crossEntropy can be differentiated once, not twice; pass what it reads through stopGradient() if it',
    );
  });
});
