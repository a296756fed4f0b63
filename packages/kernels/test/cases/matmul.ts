import { matmul, type Shape } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import { matmulReference, unaryReferences } from '../support/references.ts';
import type { OperationCase } from '../support/verify.ts';

/** Shapes around every edge of the kernels: 1, primes, tile sizes and one beside them, not multiples of 4. */
export const matmulSizes: [M: number, N: number, K: number][] = [
  [1, 1, 1],
  [3, 5, 7],
  [8, 8, 8],
  [9, 4, 4],
  [4, 9, 6],
  [17, 12, 5],
  [8, 20, 3],
];

export function matmulCases(): OperationCase[] {
  const cases: OperationCase[] = [];
  for (const [M, N, K] of matmulSizes) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        cases.push({
          name: `${M}x${N}x${K} ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'} with bias`,
          shapes: [transposeA ? [K, M] : [M, K], transposeB ? [N, K] : [K, N], [N]],
          build: ([a, b, bias]) => matmul(a, b, { transposeA, transposeB, bias }),
          reference: ([a, b, bias]) => matmulReference(a, b, { transposeA, transposeB, bias }),
          tolerance: TOLERANCE.reduction,
        });
      }
    }
    cases.push({
      name: `${M}x${N}x${K} with an addend`,
      shapes: [
        [2, M, K],
        [K, N],
        [2, M, N],
      ],
      build: ([a, b, addend]) => matmul(a, b, { addend }),
      reference: ([a, b, addend]) => matmulReference(a, b, {}).map((value, index) => value + addend.data[index]),
      tolerance: TOLERANCE.reduction,
    });
  }
  for (const [index, activation] of (['elu', 'relu', 'sigmoid', 'tanh'] as const).entries()) {
    const [M, N, K] = [5, 6 + index, 4];
    cases.push({
      name: `${activation} of ${M}x${N}x${K}`,
      shapes: [[M, K], [K, N], index % 2 === 0 ? [N] : [M, N]],
      build: ([a, b, added]) =>
        matmul(a, b, { activation, ...(index % 2 === 0 ? { bias: added } : { addend: added }) }),
      reference: ([a, b, added]) =>
        matmulReference(a, b, {}).map((value, at) => {
          return unaryReferences[activation](value + added.data[index % 2 === 0 ? at % N : at]);
        }),
      tolerance: TOLERANCE.reduction,
    });
  }
  const batched: [Shape, Shape, { transposeA?: boolean; transposeB?: boolean }?][] = [
    [
      [3, 5, 4],
      [3, 4, 6],
    ],
    [
      [3, 5, 4],
      [4, 6],
    ],
    [
      [5, 4],
      [2, 4, 3],
    ],
    // One matrix as a batch of one, on either side.
    [
      [1, 5, 4],
      [2, 4, 3],
    ],
    [
      [2, 5, 4],
      [1, 1, 4, 3],
    ],
    [[3, 4, 5], [4, 6], { transposeA: true }],
    [[2, 3, 5, 4], [2, 3, 6, 4], { transposeB: true }],
    [
      [2, 3, 5, 4],
      [4, 6],
    ],
    // Repeated along one batch axis and not along the other.
    [
      [2, 1, 5, 4],
      [3, 4, 6],
    ],
    [[3, 4, 5], [2, 1, 4, 2], { transposeA: true }],
    [
      [1, 1, 2, 3],
      [1, 3, 2],
    ],
  ];
  for (const [a, b, options = {}] of batched) {
    cases.push({
      name: `batched ${a} by ${b} ${JSON.stringify(options)}`,
      shapes: [a, b],
      build: ([x, y]) => matmul(x, y, options),
      reference: ([x, y]) => matmulReference(x, y, options),
      tolerance: TOLERANCE.reduction,
    });
  }
  for (const [a, b, added] of [
    [
      [2, 3, 4, 5],
      [5, 6],
      [2, 3, 4, 6],
    ],
    [
      [2, 1, 4, 5],
      [3, 5, 2],
      [2, 3, 4, 2],
    ],
    [
      [1, 1, 4, 5],
      [1, 5, 2],
      [1, 1, 4, 2],
    ],
  ]) {
    cases.push({
      name: `batched ${a} by ${b} with an addend`,
      shapes: [a, b, added],
      build: ([x, y, addend]) => matmul(x, y, { addend }),
      reference: ([x, y, addend]) => matmulReference(x, y, {}).map((value, index) => value + addend.data[index]),
      tolerance: TOLERANCE.reduction,
    });
  }
  return cases;
}
