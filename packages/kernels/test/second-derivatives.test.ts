import { describe, expect, it } from 'vitest';
import {
  add,
  elementCount,
  evaluate,
  Graph,
  gradients,
  hits,
  matmul,
  mean,
  multiply,
  subtract,
  sum,
  type Tensor,
  unary,
} from '../src/index.ts';
import { cases } from './cases/all.ts';
import { testDevice } from './support/device.ts';
import { expectClose, randomNumbers } from './support/numbers.ts';
import type { OperationCase, Reference } from './support/verify.ts';

const device = await testDevice();

/**
 * Of products with a Hessian, relative to their largest element: two passes back, against differences of differences.
 */
const SHARE = 2e-3;

function expectNear(actual: ArrayLike<number>, expected: Float64Array, what: string): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expectClose(actual, expected, { absolute: SHARE * largest + 1e-5, relative: 0 }, what);
}

/** The loss's Hessian times a direction, for each of the tensors: the gradient of the slope along the direction. */
function hessianProduct(loss: Tensor, wanted: readonly Tensor[], direction: readonly Tensor[]): Tensor[] {
  const slopes = gradients(loss, wanted).map((gradient, index) => sum(multiply(gradient, direction[index])));
  return gradients(slopes.reduce(add), wanted);
}

/** Checks the Hessian of sum(w y^2) of a case, times a direction, against second differences of its reference. */
async function verifyTwice(test: OperationCase): Promise<void> {
  const graph = new Graph();
  const [low, high] = test.range ?? [-1, 1];
  const values = test.shapes.map((shape, index) => randomNumbers(elementCount(shape), index + 1, low, high));
  const directions = test.shapes.map((shape, index) => randomNumbers(elementCount(shape), index + 11));
  const constants = (data: Float32Array<ArrayBuffer>[]) =>
    data.map((numbers, index) => graph.constant(numbers, test.shapes[index]));
  const inputs = constants(values);
  const y = test.build(inputs, graph);
  const weights = randomNumbers(elementCount(y.shape), 99);
  const loss = sum(multiply(graph.constant(weights, y.shape), unary('square', y)));
  const products = await evaluate(device, hessianProduct(loss, inputs, constants(directions)));

  const shifted = (along: number, input: number, element: number, by: number) => {
    const references = values.map((numbers, index): Reference => {
      const data = Float64Array.from(numbers, (value, at) => value + along * directions[index][at]);
      if (index === input) data[element] += by;
      return { shape: test.shapes[index], data };
    });
    return test.reference(references).reduce((total, value, index) => total + weights[index] * value * value, 0);
  };
  const step = 1e-4;
  for (const [input, { length }] of values.entries()) {
    const expected = Float64Array.from({ length }, (_, element) => {
      const slope = (along: number) => shifted(along, input, element, step) - shifted(along, input, element, -step);
      return (slope(step) - slope(-step)) / (4 * step * step);
    });
    expectNear(products[input], expected, `${test.name}: input ${input}`);
  }
}

const TWICE = [
  'averagePool2d',
  'binary',
  'broadcast',
  'concat',
  'conv2d',
  'cumulativeSum',
  'embedding',
  'gatherAlong',
  'keepWhere',
  'logSumExp',
  'matmul',
  'max',
  'pad',
  'permute',
  'scale',
  'scatterAdd',
  'slice',
  'softmax',
  'sum',
  'where',
] as const satisfies (keyof typeof cases)[];

describe('second derivatives', () => {
  const few = TWICE.flatMap((operation) => {
    // Each element takes four evaluations of the reference, which is a plain loop.
    const isSmall = ({ shapes }: OperationCase) => shapes.every((shape) => elementCount(shape) <= 128);
    const all: readonly OperationCase[] = cases[operation];
    const list = all.filter((test) => test.differentiable !== false && isSmall(test));
    const chosen = new Set([list[0], list[Math.floor(list.length / 2)], list[list.length - 1]]);
    return [...chosen].map((test) => ({ operation, test }));
  });
  it.each(few)('$operation: $test.name', ({ test }) => verifyTwice(test));
  it.each(cases.unary)('$name', (test) => verifyTwice(test));

  it('of an operation that has one derivative alone are refused by name', () => {
    const graph = new Graph();
    const x = graph.input([3]);
    const third = () => {
      const [first] = gradients(sum(unary('tanh', x)), [x]);
      const [second] = gradients(sum(first), [x]);
      return gradients(sum(second), [x]);
    };
    expect(third).toThrow(
      'unarySecondGradient: unaryGradient can be differentiated once, not twice; pass what it reads',
    );
    const scores = graph.input([2, 3]);
    const count = sum(hits(scores, graph.input([2], 'u32')));
    expect(() => gradients(count, [scores])).toThrow(
      'hits: has no derivative; pass what it reads through stopGradient()',
    );
  });
});

describe('the Hessian of a small network', () => {
  const sizes = { rows: 5, inputs: 3, units: 4, outputs: 2 };
  const shapes = [[3, 4], [4], [4, 2], [2]];
  const x = randomNumbers(15, 1);
  const t = randomNumbers(10, 2);
  const parameters = shapes.map((shape, index) => randomNumbers(elementCount(shape), index + 3));
  const direction = shapes.map((shape, index) => randomNumbers(elementCount(shape), index + 13));

  /** Gradients of mean((tanh(x w1 + b1) w2 + b2 - t)^2), written out. */
  function slopes([w1, b1, w2, b2]: readonly Float64Array[]): Float64Array[] {
    const { rows, inputs, units, outputs } = sizes;
    const results = [w1, b1, w2, b2].map(({ length }) => new Float64Array(length));
    const [dw1, db1, dw2, db2] = results;
    for (let n = 0; n < rows; n++) {
      const h = Float64Array.from({ length: units }, (_, u) => {
        let total = b1[u];
        for (let i = 0; i < inputs; i++) total += x[n * inputs + i] * w1[i * units + u];
        return Math.tanh(total);
      });
      const dh = new Float64Array(units);
      for (let o = 0; o < outputs; o++) {
        let total = b2[o] - t[n * outputs + o];
        for (let u = 0; u < units; u++) total += h[u] * w2[u * outputs + o];
        const dy = (2 * total) / (rows * outputs);
        db2[o] += dy;
        for (let u = 0; u < units; u++) {
          dw2[u * outputs + o] += h[u] * dy;
          dh[u] += w2[u * outputs + o] * dy;
        }
      }
      for (let u = 0; u < units; u++) {
        const da = dh[u] * (1 - h[u] * h[u]);
        db1[u] += da;
        for (let i = 0; i < inputs; i++) dw1[i * units + u] += x[n * inputs + i] * da;
      }
    }
    return results;
  }

  const step = 1e-5;
  const along = (by: number) =>
    slopes(parameters.map((data, index) => Float64Array.from(data, (value, at) => value + by * direction[index][at])));
  const [ahead, behind] = [along(step), along(-step)];
  const expected = ahead.map((data, index) => data.map((value, at) => (value - behind[index][at]) / (2 * step)));

  it.each([
    ['with the activation by itself', false],
    ["with the activation in the product's kernel", true],
  ])('times a direction, %s', async (_name, inKernel) => {
    const graph = new Graph();
    const constants = (data: readonly Float32Array<ArrayBuffer>[]) =>
      data.map((numbers, index) => graph.constant(numbers, shapes[index]));
    const weights = constants(parameters);
    const [w1, b1, w2, b2] = weights;
    const input = graph.constant(x, [5, 3]);
    const hidden = inKernel
      ? matmul(input, w1, { bias: b1, activation: 'tanh' })
      : unary('tanh', matmul(input, w1, { bias: b1 }));
    const output = matmul(hidden, w2, { bias: b2 });
    const loss = mean(unary('square', subtract(output, graph.constant(t, [5, 2]))));
    const products = await evaluate(device, hessianProduct(loss, weights, constants(direction)));
    for (const [index, product] of products.entries()) expectNear(product, expected[index], `parameter ${index}`);
  });
});
