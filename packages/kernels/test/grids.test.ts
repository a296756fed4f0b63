import { describe, expect, it } from 'vitest';
import {
  attention,
  evaluate,
  Graph,
  gradients,
  lstm,
  matmul,
  multiply,
  type Plan,
  Program,
  plan,
  sum,
  type Tensor,
  type TensorData,
} from '../src/index.ts';
import { variantsOf } from '../src/kernels/dispatch.ts';
import { foldGrids } from '../src/kernels/fold.ts';
import { openDevice } from '../src/node.ts';
import type { Dispatch } from '../src/operation.ts';
import { allCases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';

const device = await testDevice();

/** More than a grid has on an axis. */
const MANY = 65_540;

async function outputsOf(planned: Plan, outputs: readonly Tensor[]) {
  const program = await Program.create(device, planned);
  program.run();
  const values = await Promise.all(outputs.map((output) => program.read(output)));
  program.destroy();
  return values;
}

/** The first and last case of each operation. */
const some = allCases.filter(({ operation }, index) => {
  return allCases[index - 1]?.operation !== operation || allCases[index + 1]?.operation !== operation;
});

describe('a folded grid', () => {
  it.each(some)('gives the same bits: $operation, $test.name', async ({ test }) => {
    const graph = new Graph();
    const inputs = test.shapes.map((shape, index) => {
      const count = shape.reduce((a, b) => a * b, 1);
      return graph.constant(randomNumbers(count, index + 1, ...(test.range ?? [-1, 1])), shape);
    });
    const output = test.build(inputs, graph);
    const slopes = test.differentiable === false ? [] : gradients(sum(multiply(output, output)), inputs);
    const outputs = [output, ...slopes];
    const planned = plan(graph, { outputs, limits: device.limits });
    const folded = { ...planned, dispatches: planned.dispatches.map((dispatch) => foldGrids(dispatch, 1)) };
    for (const dispatch of folded.dispatches) {
      for (const { workgroups } of variantsOf(dispatch)) expect([workgroups[0], workgroups[2]]).toEqual([1, 1]);
    }
    expect(await outputsOf(folded, outputs)).toEqual(await outputsOf(planned, outputs));
  });
});

describe('a folded kernel', () => {
  it('compiles in every variant, with workgroup memory, barriers and subgroups', async () => {
    const adapter = await openDevice({ adapter: 'null' });
    const graph = new Graph();
    // Short sums and long ones, which are cut into chunks.
    const products = [64, 1024].map((K) => matmul(graph.input([3, 64, K]), graph.input([3, K, 64])));
    const scores = attention(graph.input([2, 70, 2, 8]), graph.input([2, 70, 2, 8]), graph.input([2, 70, 2, 8]));
    const { dispatches } = plan(graph, { outputs: [...products, scores] });
    const large = (dispatch: Dispatch) => Math.max(...dispatch.workgroups) > 1;
    const folded = dispatches.filter(large).map((dispatch) => foldGrids(dispatch, 1));
    const kernels = folded.flatMap(variantsOf).map(({ kernel }) => kernel);
    expect(kernels.some(({ requires = [] }) => requires.includes('subgroups'))).toBe(true);
    expect(kernels.some(({ code }) => code.includes('workgroupBarrier'))).toBe(true);
    for (const { kernel } of folded) expect(kernel.code).toContain('unfolded_main');
    for (const kernel of kernels) {
      await adapter.pipeline(kernel, []);
    }
    await adapter.check();
    adapter.destroy();
  });
});

describe('more than 65,535 workgroups on an axis', () => {
  it('are folded for products of many small matrices', async () => {
    const graph = new Graph();
    const [a, b] = [randomNumbers(MANY * 6, 1), randomNumbers(MANY * 6, 2)];
    const product = matmul(graph.constant(a, [MANY, 2, 3]), graph.constant(b, [MANY, 3, 2]));
    const [values] = await evaluate(device, [product]);
    const expected = Float64Array.from({ length: MANY * 4 }, (_, index) => {
      const [matrix, row, column] = [Math.floor(index / 4), Math.floor(index / 2) % 2, index % 2];
      return [0, 1, 2].reduce((total, k) => total + a[matrix * 6 + row * 3 + k] * b[matrix * 6 + k * 2 + column], 0);
    });
    expectClose(values, expected, TOLERANCE.reduction, 'matmul');
  });

  it('are folded for attention of many sequences and heads', async () => {
    const [heads, width] = [4, 4];
    const row = 2 * heads * width;
    const trace = async (batch: number, numbers: (seed: number) => Float32Array<ArrayBuffer>) => {
      const graph = new Graph();
      const [q, k, v] = [1, 2, 3].map((seed) => graph.constant(numbers(seed), [batch, 2, heads, width]));
      const output = attention(q, k, v, { causal: true });
      return evaluate(device, [output, ...gradients(sum(multiply(output, output)), [q, k, v])]);
    };
    const batch = MANY / heads;
    const all = (seed: number) => randomNumbers(batch * row, seed);
    // Sequences know nothing of each other: the first and the last one by themselves.
    const ends = (values: TensorData) => Float32Array.of(...values.subarray(0, row), ...values.subarray(-row));
    const [many, few] = [await trace(batch, all), await trace(2, (seed) => ends(all(seed)))];
    for (const [index, values] of many.entries()) {
      expectClose(ends(values), few[index], TOLERANCE.reduction, `attention, result ${index}`);
    }
  });

  it('are folded for recurrences of many sequences', async () => {
    const graph = new Graph();
    const projected = graph.constant(randomNumbers(2 * MANY * 4, 1), [2, MANY, 4]);
    const { output } = lstm(projected, graph.constant(randomNumbers(4, 2), [1, 4]));
    const planned = plan(graph, { outputs: [output], limits: device.limits });
    const one = planned.dispatches.map((dispatch) => foldGrids(dispatch, 1000));
    const values = await outputsOf(planned, [output]);
    expect(await outputsOf({ ...planned, dispatches: one }, [output])).toEqual(values);
  });
});
