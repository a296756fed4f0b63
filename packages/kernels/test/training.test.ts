import { describe, expect, it } from 'vitest';
import {
  Arena,
  adam,
  adamSchedule,
  crossEntropy,
  elementCount,
  embedding,
  Graph,
  globalNorm,
  gradients,
  lstm,
  matmul,
  Program,
  plan,
  reshape,
  store,
  type Tensor,
  uniformArray,
} from '../src/index.ts';
import { testDevice } from './support/device.ts';

const device = await testDevice();

describe('training', () => {
  it('teaches a recurrent network a sequence that needs memory, the same each time', async () => {
    // 0 is followed by 1 after a 1 and by 2 after a 2: the last symbol alone does not tell.
    const sequence = [0, 1, 0, 2, 2, 0, 1, 0, 2, 2, 0, 1, 0];
    const [classes, units] = [3, 8];
    const train = async () => {
      const parameters = new Arena('parameters', 'parameters');
      const shapes = { input: [classes, 4 * units], recurrent: [units, 4 * units], output: [units, classes] };
      for (const [name, shape] of Object.entries(shapes)) parameters.add(name, shape);
      for (const [index, slot] of parameters.slots.entries()) {
        device.write(slot, uniformArray(elementCount(slot.shape), 0.3, index, 1));
      }
      const arenas = ['g', 'm', 'v'].map((name) => parameters.mirror(name, 'optimiser'));
      const graph = new Graph();
      const weights = parameters.slots.map((slot) => graph.variable(slot));
      const [input, recurrent, output] = weights;
      const steps = sequence.length - 1;
      const ids = graph.constant(Uint32Array.from(sequence.slice(0, -1)), [steps]);
      const targets = graph.constant(Uint32Array.from(sequence.slice(1)), [steps]);
      const projected: Tensor = reshape(embedding(input, ids), [steps, 1, 4 * units]);
      const hidden = reshape(lstm(projected, recurrent).output, [steps, units]);
      const mask = graph.constant(new Float32Array(steps).fill(1), [steps]);
      const loss = crossEntropy(matmul(hidden, output), targets, mask);
      for (const [index, gradient] of gradients(loss, weights).entries()) store(gradient, arenas[0].slots[index]);
      const [flat, g, m, v] = [parameters, ...arenas].map((arena) => graph.flat(arena));
      const schedule = graph.input([3]);
      adam({ parameters: flat, gradients: g, firstMoment: m, secondMoment: v }, schedule, globalNorm(g), 5);
      const program = await Program.create(device, plan(graph, { history: [loss], limits: device.limits }));
      for (let step = 1; step <= 150; step++) {
        program.write(schedule, adamSchedule(step, 0.03));
        program.run();
      }
      const losses = (await program.history()).flat();
      program.destroy();
      for (const arena of [parameters, ...arenas]) device.release(arena);
      return losses;
    };
    const losses = await train();
    expect(losses[0]).toBeCloseTo(Math.log(3), 0);
    expect(losses[149]).toBeLessThan(0.05);
    expect(await train()).toEqual(losses);
  });
});
