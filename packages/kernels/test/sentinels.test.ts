import { describe, expect, it } from 'vitest';
import { Arena, elementCount, Graph, gradients, multiply, Program, plan, store, sum } from '../src/index.ts';
import { allCases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';

const device = await testDevice();

/** What the gaps hold before and after, and no result does. */
const SENTINEL = 12345;

describe('values around results stay untouched', () => {
  it.each(allCases)('$operation: $test.name', async ({ test }) => {
    const graph = new Graph();
    const [low, high] = test.range ?? [-1, 1];
    const inputs = test.shapes.map((shape, index) =>
      graph.constant(randomNumbers(elementCount(shape), index + 1, low, high), shape),
    );
    const output = test.build(inputs, graph);
    const slopes = test.differentiable === false ? [] : gradients(sum(multiply(output, output)), inputs);
    const results = [output, ...slopes];

    // Gradients are asked for only of what is f32, so that all results are of one type.
    const Values = output.dtype === 'u32' ? Uint32Array : Float32Array;
    // Results in one arena, each between two rows of 64 sentinels; where the planner can it computes them there.
    const arena = new Arena('results', 'workspace', output.dtype);
    const guards = [arena.add('before', [64])];
    const slots = results.map((result, index) => {
      const slot = arena.add(`result ${index}`, result.shape);
      guards.push(arena.add(`after ${index}`, [64]));
      return slot;
    });
    for (const [index, result] of results.entries()) store(result, slots[index]);
    const whole = graph.flat(arena);
    const program = await Program.create(device, plan(graph, { outputs: [whole], limits: device.limits }));
    device.gpu.queue.writeBuffer(device.arena(arena), 0, new Values(arena.elements).fill(SENTINEL));
    program.run();

    const values = await program.read(whole);
    for (const [index, { offset, shape }] of slots.entries()) {
      const end = offset + elementCount(shape);
      expect(values.slice(offset, end), `result ${index}`).not.toContain(SENTINEL);
      const after = values.slice(end, guards[index + 1].offset + 64);
      expect(after, `after result ${index}`).toEqual(new Values(after.length).fill(SENTINEL));
    }
    expect(values.slice(0, 64)).toEqual(new Values(64).fill(SENTINEL));
    program.destroy();
    device.release(arena);
  });
});
