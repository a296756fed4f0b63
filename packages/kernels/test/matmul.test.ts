import { describe, expect, it } from 'vitest';
import { evaluate, Graph } from '../src/index.ts';
import { matmulProblem } from '../src/operations/matmul/matmul.ts';
import { testDevice } from './support/device.ts';
import { everyVariant, FORMS, matmulBy } from './support/matmul-variants.ts';
import { expectClose, randomNumbers, TOLERANCE } from './support/numbers.ts';
import { matmulReference } from './support/references.ts';

const device = await testDevice();

/** Odd sizes, whole vec4s, and one of few elements and long sums, which are taken in parts. */
const SIZES = [
  { batch: 2, M: 37, N: 23, K: 41 },
  { batch: 1, M: 20, N: 36, K: 19 },
  { batch: 2, M: 64, N: 32, K: 48 },
  { batch: 2, M: 9, N: 20, K: 517 },
];

describe('every variant of matmul', () => {
  it.each(SIZES.flatMap((sizes) => FORMS.map((form) => ({ ...sizes, ...form }))))(
    '$form $M x $N x $K gives the same bits, close to the reference',
    async ({ batch, M, N, K, transposeA, transposeB }) => {
      const graph = new Graph();
      const shapes = [transposeA ? [batch, K, M] : [batch, M, K], transposeB ? [N, K] : [K, N], [N]];
      const data = [batch * M * K, K * N, N].map((count, index) => randomNumbers(count, index + 1));
      const inputs = data.map((values, index) => graph.constant(values, shapes[index]));
      const attributes = { transposeA, transposeB, added: 'bias' } as const;
      const variants = everyVariant(matmulProblem(inputs, attributes, false));
      const numbers = [...variants.keys()].filter((number) => device.supports(variants[number].kernel));
      const [first, ...others] = await evaluate(
        device,
        numbers.map((number) => matmulBy(number, inputs, attributes)),
      );
      const [a, b, bias] = data.map((values, index) => ({ shape: shapes[index], data: Float64Array.from(values) }));
      const expected = matmulReference(a, b, { transposeA, transposeB, bias });
      expectClose(first, expected, TOLERANCE.reduction, variants[0].kernel.label);
      for (const [index, other] of others.entries()) {
        const { label } = variants[numbers[index + 1]].kernel;
        expect(new Uint32Array(other.buffer), label).toEqual(new Uint32Array(first.buffer));
      }
    },
  );
});
