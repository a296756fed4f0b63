import { describe, expect, it } from 'vitest';
import {
  Arena,
  Graph,
  gradients,
  type HalfPrecision,
  matmul,
  mean,
  optimiser,
  type Plan,
  plan,
  reshape,
  sgd,
  slice,
  store,
  type Tensor,
  unary,
} from '../src/index.ts';
import { allCases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { gradientsOf, halfFailures } from './support/half.ts';

/** A network of `layers` products with ReLU, its gradients stored and Adam at the end. */
function planNetwork(layers: number, half: HalfPrecision | undefined) {
  const [rows, width] = [64, 128];
  const parameters = new Arena('parameters', 'parameters');
  const slots = Array.from({ length: layers }, (_, layer) => parameters.add(`${layer}`, [width, width]));
  const graph = new Graph();
  let x: Tensor = graph.input([rows, width]);
  for (const slot of slots) x = unary('tanh', matmul(x, graph.variable(slot)));
  const loss = mean(unary('square', x));
  const weights = slots.map((slot) => graph.variable(slot));
  optimiser({ kind: 'adam' }, parameters).step(gradients(loss, weights), { clipNorm: 1 });
  return { plan: plan(graph, { history: [loss], half }), parameters, values: rows * width };
}

describe('plans in 16 bits', () => {
  it('halve what is kept for the backward pass', () => {
    const layers = 8;
    const whole = planNetwork(layers, undefined);
    const half = planNetwork(layers, { activations: true });
    const saved = whole.plan.peakBytes - half.plan.peakBytes;
    // Every layer keeps its output: two bytes less an element, but for the last layers, whose gradient is alive beside.
    expect(saved).toBeGreaterThan((layers - 3) * whole.values * 2);
    expect(saved).toBeLessThanOrEqual(layers * whole.values * 2);
    expect(half.plan.byCategory.parameters).toBe(whole.plan.byCategory.parameters);
  });

  it('read a copy of the weights, and change the master weights', () => {
    const whole = planNetwork(2, undefined);
    const { plan: planned, parameters } = planNetwork(2, { weights: true });
    const copies = planned.blocks.filter(({ half }) => half);
    expect(copies.map(({ elements }) => elements)).toEqual([parameters.elements]);
    const readers = planned.dispatches.filter(({ kernel }) => kernel.label.startsWith('matmul'));
    expect(readers.some(({ uses }) => uses.some(({ half }) => half))).toBe(true);
    const optimiser = planned.dispatches.find(({ kernel }) => kernel.label === 'adam');
    expect(optimiser?.uses.some(({ half }) => half)).toBe(false);
    expect(optimiser?.locations[0].buffer).toBe(parameters);
    expect(planned.peakBytes).toBeLessThanOrEqual(whole.plan.peakBytes + parameters.byteLength / 2);
  });

  it('read the master weights once they have changed', () => {
    const parameters = new Arena('parameters', 'parameters');
    const slot = parameters.add('w', [4]);
    const graph = new Graph();
    const before = unary('exp', graph.variable(slot));
    const velocity = graph.flat(parameters.mirror('velocity', 'optimiser'));
    const gradient = graph.flat(parameters.mirror('gradients', 'gradients'));
    sgd({ parameters: graph.flat(parameters), gradients: gradient, velocity }, graph.input([]), graph.input([]), 1);
    const after = unary('exp', graph.variable(slot));
    const { dispatches } = plan(graph, { outputs: [before, after], half: { weights: true } });
    const reads = dispatches.filter(({ kernel }) => kernel.label === 'exp').map(({ uses }) => uses[0].half);
    expect(reads).toEqual([true, false]);
  });
});

describe('views of weights in 16 bits', () => {
  const trace = () => {
    const parameters = new Arena('parameters', 'parameters');
    const graph = new Graph();
    const weights = graph.variable(parameters.add('w', [4, 64]));
    return { parameters, graph, weights, flat: reshape(weights, [256]) };
  };
  const halfReads = (planned: Plan) => planned.dispatches.map(({ uses }) => uses[0].half);

  it('can be read after a run, whole', () => {
    const { parameters, graph, weights, flat } = trace();
    const outputs = [flat, unary('exp', flat), unary('exp', weights)];
    const planned = plan(graph, { outputs, half: { weights: true } });
    expect(planned.location(flat)).toMatchObject({ buffer: parameters, size: 4 * 256, half: false });
    // The copy is made, and read by both.
    expect(halfReads(planned)).toEqual([false, true, true]);
  });

  it('are of the master weights once those have changed', () => {
    const { parameters, graph, flat } = trace();
    store(graph.input([4, 64]), parameters.slots[0]);
    const planned = plan(graph, { outputs: [unary('exp', flat)], half: { weights: true } });
    expect(planned.blocks.some(({ half }) => half)).toBe(false);
  });

  it('do not keep the others from 16 bits where one cannot be bound there', () => {
    const { graph, weights } = trace();
    // Row 1 begins at 128 bytes of the copy.
    const outputs = [unary('exp', slice(weights, 1, 2)), unary('exp', slice(weights, 2, 3))];
    const planned = plan(graph, { outputs, half: { weights: true } });
    expect(halfReads(planned)).toEqual([false, false, true]);
  });
});

describe('every kernel compiles on 16 bits on the null adapter', async () => {
  const device = await testDevice('null');
  const differentiable = allCases.filter(({ test }) => test.differentiable !== false);

  it.each(differentiable)('$operation: $test.name', async ({ test }) => {
    const { plan: planned } = await gradientsOf(device, test, { activations: true, weights: true });
    expect(planned.blocks.some(({ half }) => half)).toBe(true);
  });
});

describe('a device without the feature', async () => {
  const device = await testDevice('gles');

  it('says what it lacks', async () => {
    const [{ test }] = allCases.filter(({ operation }) => operation === 'matmul');
    if (device.features.has('shader-f16')) expect(await halfFailures(device, [test])).toEqual([]);
    else await expect(gradientsOf(device, test, { weights: true })).rejects.toThrow(/lacks the feature shader-f16/);
  });
});
