import { describe, expect, it } from 'vitest';
import { elementCount, Graph, gradients, multiply, Program, plan, sum, type TensorData } from '../src/index.ts';
import { allCases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { randomNumbers } from './support/numbers.ts';
import type { OperationCase } from './support/verify.ts';

const buffers = await testDevice(undefined, false, 'buffers');
const textures = [
  await testDevice(undefined, false, 'storage'),
  await testDevice(undefined, false, 'sampled'),
] as const;

/** The output of a case and, where it is differentiable, the gradients of its inputs. */
async function valuesOn(device: typeof buffers, test: OperationCase): Promise<TensorData[]> {
  const graph = new Graph();
  const [low, high] = test.range ?? [-1, 1];
  const inputs = test.shapes.map((shape, index) =>
    graph.constant(randomNumbers(elementCount(shape), index + 1, low, high), shape),
  );
  const output = test.build(inputs, graph);
  const outputs = [output];
  if (test.differentiable !== false) outputs.push(...gradients(sum(multiply(output, output)), inputs));
  const program = await Program.create(device, plan(graph, { outputs, limits: device.limits }));
  try {
    program.run();
    const values: TensorData[] = [];
    for (const tensor of outputs) values.push(await program.read(tensor));
    return values;
  } finally {
    program.destroy();
  }
}

describe('matrices read from textures', () => {
  it.each(allCases)('give the bits of those read from buffers: $operation, $test.name', async ({ test }) => {
    const expected = await valuesOn(buffers, test);
    for (const device of textures) expect(await valuesOn(device, test)).toEqual(expected);
  });
});
