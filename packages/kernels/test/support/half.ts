import {
  Arena,
  type Device,
  elementCount,
  Graph,
  gradients,
  type HalfPrecision,
  multiply,
  type Plan,
  Program,
  plan,
  sum,
  type TensorData,
  unary,
} from '../../src/index.ts';
import { randomNumbers, TOLERANCE } from './numbers.ts';
import type { OperationCase } from './verify.ts';

/** Gradients of a case's inputs, which are weights, with or without storage in 16 bits. */
export async function gradientsOf(
  device: Device,
  test: OperationCase,
  half: HalfPrecision | undefined,
): Promise<{ plan: Plan; values: TensorData[] }> {
  const arena = new Arena('parameters', 'parameters');
  const slots = test.shapes.map((shape, index) => arena.add(`input ${index}`, shape));
  const graph = new Graph();
  const inputs = slots.map((slot) => graph.variable(slot));
  // Values that are computed, and kept where the backward pass needs them.
  const output = test.build(
    inputs.map((input) => unary('negate', unary('negate', input))),
    graph,
  );
  const outputs = gradients(sum(multiply(output, output)), inputs);
  const planned = plan(graph, { outputs, limits: device.limits, half });
  const program = await Program.create(device, planned);
  try {
    const [low, high] = test.range ?? [-1, 1];
    for (const [index, slot] of slots.entries()) {
      device.write(slot, randomNumbers(elementCount(slot.shape), index + 1, low, high));
    }
    program.run();
    const values: TensorData[] = [];
    for (const slope of outputs) values.push(await program.read(slope));
    await device.check();
    return { plan: planned, values };
  } finally {
    program.destroy();
    device.release(arena);
  }
}

/** Cases whose gradients with everything stored in 16 bits are further from those in 32 than rounding explains. */
export async function halfFailures(device: Device, tests: readonly OperationCase[]): Promise<string[]> {
  const failures: string[] = [];
  for (const test of tests) {
    const whole = await gradientsOf(device, test, undefined);
    const half = await gradientsOf(device, test, { activations: true, weights: true });
    for (const [input, expected] of whole.values.entries()) {
      const actual = half.values[input];
      const largest = Math.max(...Array.from(expected, Math.abs));
      const error = Math.max(...Array.from(expected, (value, index) => Math.abs(value - actual[index])));
      if (!(error <= TOLERANCE.half.relative * largest + TOLERANCE.half.absolute)) {
        failures.push(`${test.name}: gradient of input ${input} is off by ${error}, of ${largest} at most`);
      }
    }
  }
  return failures;
}
