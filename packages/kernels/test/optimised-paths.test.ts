import { describe, expect, it } from 'vitest';
import {
  add,
  type Device,
  elementCount,
  Graph,
  gradients,
  multiply,
  type Plan,
  Program,
  plan,
  scale,
  sum,
  type Tensor,
  type TensorData,
  unary,
} from '../src/index.ts';
import { allCases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';
import type { OperationCase } from './support/verify.ts';

const device = await testDevice(undefined, false, 'buffers');
const textureDevices = [
  await testDevice(undefined, false, 'storage'),
  await testDevice(undefined, false, 'sampled'),
] as const;

interface Traced {
  readonly graph: Graph;
  readonly inputs: readonly Tensor[];
  readonly loss: Tensor;
  readonly outputs: readonly Tensor[];
}

/**
 * A case between elementwise operations, which may be fused with it, and with the gradients of its inputs where it is
 * differentiable.
 */
function trace(test: OperationCase, build = test.build): Traced {
  const graph = new Graph();
  const [low, high] = test.range ?? [-1, 1];
  const inputs = test.shapes.map((shape, index) =>
    graph.constant(randomNumbers(elementCount(shape), index + 1, low, high), shape),
  );
  const given = inputs.map((input) => unary('negate', unary('negate', input)));
  const output = build(given, graph);
  const isFloat = output.dtype === 'f32';
  const result = isFloat ? scale(unary('negate', output), 0.5) : output;
  const loss = isFloat ? sum(multiply(result, result)) : result;
  const slopes = test.differentiable === false ? [] : gradients(loss, inputs);
  return { graph, inputs, loss, outputs: [result, ...slopes] };
}

async function valuesOf(on: Device, planned: Plan, outputs: readonly Tensor[]): Promise<TensorData[]> {
  const program = await Program.create(on, planned);
  try {
    program.run();
    const values: TensorData[] = [];
    for (const tensor of outputs) values.push(await program.read(tensor));
    return values;
  } finally {
    program.destroy();
  }
}

const planOn = (on: Device, { graph, outputs }: Traced) => plan(graph, { outputs, limits: on.limits });

/** The plainest path there is: every value has memory of its own, so that nothing is fused, overwritten or shared. */
function planPlainly({ graph, outputs }: Traced): Plan {
  const all = graph.nodes.flatMap((node) => (node.operation.target === undefined ? node.outputs : []));
  return plan(graph, { outputs: [...new Set([...outputs, ...all])], limits: device.limits });
}

/** The same values, up to rounding in the last bits where compilers join multiplications and additions otherwise. */
function expectSame(actual: readonly TensorData[], expected: readonly TensorData[], what: string): void {
  for (const [index, values] of expected.entries()) {
    expectClose(actual[index], Float64Array.from(values), TOLERANCE.reduction, `${what}: output ${index}`);
  }
}

const differentiable = allCases.filter(({ test }) => test.differentiable !== false);

describe('matrices read from textures', () => {
  it.each(allCases)('give the bits of those read from buffers: $operation, $test.name', async ({ test }) => {
    const traced = trace(test);
    const expected = await valuesOf(device, planOn(device, traced), traced.outputs);
    for (const on of textureDevices) {
      const other = trace(test);
      expect(await valuesOf(on, planOn(on, other), other.outputs)).toEqual(expected);
    }
  });
});

describe('fused, in place and in shared memory', () => {
  it.each(allCases)('$operation, $test.name', async ({ test }) => {
    const traced = trace(test);
    const expected = await valuesOf(device, planPlainly(traced), traced.outputs);
    expectSame(await valuesOf(device, planOn(device, traced), traced.outputs), expected, test.name);
  });
});

describe('computed again in the backward pass', () => {
  it.each(differentiable)('$operation, $test.name', async ({ test }) => {
    const [kept, again] = [
      trace(test),
      trace(test, (inputs, graph) => graph.checkpoint(() => test.build(inputs, graph))),
    ];
    const expected = await valuesOf(device, planOn(device, kept), kept.outputs);
    expectSame(await valuesOf(device, planOn(device, again), again.outputs), expected, test.name);
  });
});

describe('gradients of two micro-batches, added up in place', () => {
  it.each(differentiable)('$operation, $test.name', async ({ test }) => {
    const traced = trace(test);
    const { graph, inputs, loss } = traced;
    const other = sum(unary('square', test.build(inputs, graph)));
    const separate = [gradients(loss, inputs), gradients(other, inputs)];
    const sums = inputs.map((_, index) => add(separate[0][index], separate[1][index]));
    const together = gradients(other, inputs, { onto: gradients(loss, inputs) });
    const outputs = [...sums, ...together];
    const values = await valuesOf(device, planOn(device, { ...traced, outputs }), outputs);
    expectSame(values.slice(inputs.length), values.slice(0, inputs.length), test.name);
  });
});
