import { describe, expect, it } from 'vitest';
import { Arena, adam, adamSchedule, Graph, globalNorm, Program, plan } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

/** The paper's algorithm 1 with clipping by the global norm, in float64. */
function adamReference(parameters: Float64Array, steps: readonly Float32Array[], rate: number, clipNorm: number) {
  const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8];
  const m = new Float64Array(parameters.length);
  const v = new Float64Array(parameters.length);
  for (const [index, gradients] of steps.entries()) {
    const norm = Math.sqrt(gradients.reduce((total, value) => total + value * value, 0));
    for (let i = 0; i < parameters.length; i++) {
      const gradient = gradients[i] * Math.min(1, clipNorm / norm);
      m[i] = beta1 * m[i] + (1 - beta1) * gradient;
      v[i] = beta2 * v[i] + (1 - beta2) * gradient ** 2;
      const [unbiasedM, unbiasedV] = [m[i] / (1 - beta1 ** (index + 1)), v[i] / (1 - beta2 ** (index + 1))];
      parameters[i] -= (rate * unbiasedM) / (Math.sqrt(unbiasedV) + epsilon);
    }
  }
  return parameters;
}

describe('adam', () => {
  const count = 71;
  // Norms of about 0.5, 5, 50, ...: the first steps are not clipped at 5, the others are.
  const steps = [0.1, 1, 10, 1, 100].map((size, index) => randomNumbers(count, index, -size, size));

  it.each([5, Number.POSITIVE_INFINITY])('follows the float64 reference, clipped at %d', async (clipNorm) => {
    const parameters = new Arena('parameters', 'parameters');
    // Two slots with a gap between them, which has to stay zero.
    const slots = [parameters.add('a', [3, 5]), parameters.add('b', [count - 15])];
    const arenas = {
      gradients: parameters.mirror('gradients', 'gradients'),
      first: parameters.mirror('first moment', 'optimiser'),
      second: parameters.mirror('second moment', 'optimiser'),
    };
    const graph = new Graph();
    const gradients = graph.flat(arenas.gradients);
    const schedule = graph.input([3]);
    const norm = globalNorm(gradients);
    const [flat, firstMoment, secondMoment] = [parameters, arenas.first, arenas.second].map((a) => graph.flat(a));
    adam({ parameters: flat, gradients, firstMoment, secondMoment }, schedule, norm, clipNorm);
    const program = await Program.create(device, plan(graph, { outputs: [flat], history: [norm] }));

    const initial = randomNumbers(count, 50);
    device.write(slots[0], initial.slice(0, 15));
    device.write(slots[1], initial.slice(15));
    for (const [index, gradient] of steps.entries()) {
      device.write(arenas.gradients.slots[0], gradient.slice(0, 15));
      device.write(arenas.gradients.slots[1], gradient.slice(15));
      program.write(schedule, adamSchedule(index + 1, 0.01));
      program.run();
    }
    const expected = adamReference(Float64Array.from(initial), steps, 0.01, clipNorm);
    const actual = await program.read(flat);
    expectClose(actual.slice(0, 15), expected.slice(0, 15), TOLERANCE.reduction, 'slot a');
    expectClose(actual.slice(64, 64 + count - 15), expected.slice(15), TOLERANCE.reduction, 'slot b');
    expect(actual.slice(15, 64)).toEqual(new Float32Array(49));
    const norms = steps.map((gradient) => Math.hypot(...gradient));
    expectClose((await program.history()).flat(), norms, TOLERANCE.reduction, 'norms');

    program.destroy();
    for (const arena of [parameters, ...Object.values(arenas)]) device.release(arena);
  });
});
