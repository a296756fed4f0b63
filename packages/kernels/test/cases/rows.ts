import {
  binaryCrossEntropy,
  binaryCrossEntropyElements,
  crossEntropyRows,
  elementCount,
  embedding,
  hits,
  logSumExp,
  max,
  mean,
  type Shape,
  sum,
  sumOfSquares,
} from '../../src/index.ts';
import { randomIds, randomNumbers, TOLERANCE } from '../support/numbers.ts';
import { coordinates, crossEntropyReference } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

const REDUCTIONS: readonly [Shape, number[]][] = [
  [[5], [0]],
  [[3, 4], [0]],
  [[3, 4], [1]],
  [
    [2, 3, 5],
    [0, 2],
  ],
  [
    [2, 3, 2, 2],
    [2, 1],
  ],
  [
    [2, 3, 5],
    [0, 1, 2],
  ],
  // In parts: the last of those of 71 numbers is shorter.
  [[71, 3], [0]],
  [[2, 67], [1]],
  [[67, 4], [0]],
  [[2, 132], [1]],
  [[1, 1], [0]],
  [[], []],
];

/** What a function makes of the elements that are reduced to one, for each. */
function reduceReference(x: Reference, axes: readonly number[], reduce: (terms: number[]) => number): Float64Array {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const terms = Array.from({ length: elementCount(kept) }, (): number[] => []);
  for (const [index, at] of coordinates(x.shape).entries()) {
    const target = kept.reduce((place, size, axis) => place * size + (size === 1 ? 0 : at[axis]), 0);
    terms[target].push(x.data[index]);
  }
  return Float64Array.from(terms, reduce);
}

function reductionCases(reduce: typeof sum, reference: (terms: number[]) => number): OperationCase[] {
  return REDUCTIONS.map(([shape, axes]) => ({
    name: `[${shape}] over ${axes}`,
    shapes: [shape],
    build: ([x]) => reduce(x, axes),
    reference: ([x]) => reduceReference(x, axes, reference),
    tolerance: TOLERANCE.reduction,
  }));
}

const total = (terms: readonly number[]) => terms.reduce((sum, value) => sum + value, 0);

export function sumCases(): OperationCase[] {
  const means = reductionCases(mean, (terms) => total(terms) / terms.length);
  const squares = [[1], [3, 5], [2, 3, 40]].map(
    (shape): OperationCase => ({
      name: `squares of ${shape}`,
      shapes: [shape],
      build: ([x]) => sumOfSquares(x),
      reference: ([{ data }]) => Float64Array.of(data.reduce((sum, value) => sum + value * value, 0)),
      tolerance: TOLERANCE.reduction,
    }),
  );
  return [
    ...reductionCases(sum, total),
    ...means.map((test) => ({ ...test, name: `mean of ${test.name}` })),
    ...squares,
  ];
}

export const maxCases = () => reductionCases(max, (terms) => Math.max(...terms));

export const logSumExpCases = () =>
  reductionCases(logSumExp, (terms) => {
    const highest = Math.max(...terms);
    return highest + Math.log(total(terms.map((value) => Math.exp(value - highest))));
  });

const ids = (count: number, bound: number) => randomIds(count, 5, bound);

export function embeddingCases(): OperationCase[] {
  return [
    [3, 5, 4],
    [7, 8, 20],
    [38, 3, 9],
    [2, 260, 5],
    [2, 1100, 3],
  ].map(([vocabulary, width, count]) => ({
    name: `${count} rows of ${vocabulary}x${width}`,
    shapes: [[vocabulary, width]],
    build: ([table], graph) => embedding(table, graph.constant(ids(count, vocabulary), [count])),
    reference: ([table]) =>
      Float64Array.from({ length: count * width }, (_, i) => {
        return table.data[ids(count, vocabulary)[Math.floor(i / width)] * width + (i % width)];
      }),
  }));
}

export function crossEntropyCases(): OperationCase[] {
  return [
    [1, 2, 0],
    [5, 38, 0],
    [70, 3, 0.1],
    [3, 8, 0.25],
    // A workgroup a row, in single classes and in groups of four.
    [2, 131, 0.1],
    [2, 516, 0],
  ].map(([rows, classes, labelSmoothing]) => ({
    name: `${rows} rows of ${classes} classes, smoothed by ${labelSmoothing}`,
    shapes: [[rows, classes]],
    range: [-5, 5],
    build: ([logits], graph) => {
      return crossEntropyRows(logits, graph.constant(ids(rows, classes), [rows]), { labelSmoothing });
    },
    reference: ([logits]) => crossEntropyReference(logits, ids(rows, classes), labelSmoothing),
    tolerance: TOLERANCE.reduction,
  }));
}

export const hitsCases: readonly OperationCase[] = [
  [40, 3],
  [3, 1],
].map(([rows, classes]) => ({
  name: `${rows} rows of ${classes} classes`,
  shapes: [[rows, classes]],
  build: ([scores], graph) => hits(scores, graph.constant(ids(rows, classes), [rows])),
  reference: ([scores]) =>
    Float64Array.from({ length: rows }, (_, row) => {
      const values = scores.data.subarray(classes * row, classes * row + classes);
      return values.indexOf(Math.max(...values)) === ids(rows, classes)[row] ? 1 : 0;
    }),
  differentiable: false,
}));

/** -t log(p) - (1 - t) log(1 - p), the logarithms by log1p where p is near 1 or 0. */
const binaryReference = (x: number, t: number) => t * Math.log1p(Math.exp(-x)) + (1 - t) * Math.log1p(Math.exp(x));

export const binaryCrossEntropyCases: readonly OperationCase[] = [
  ...([[5], [3, 8], [1, 1]] satisfies Shape[]).map((shape): OperationCase => {
    const targets = randomNumbers(elementCount(shape), 8, 0, 1);
    return {
      name: `of each of [${shape}]`,
      shapes: [shape],
      range: [-6, 6],
      build: ([x], graph) => binaryCrossEntropyElements(x, graph.constant(targets, shape)),
      reference: ([x]) => x.data.map((value, i) => binaryReference(value, targets[i])),
    };
  }),
  {
    name: 'of logits whose exponentials overflow',
    shapes: [[8]],
    range: [100, 700],
    build: ([x], graph) => binaryCrossEntropyElements(x, graph.constant(Float32Array.of(0, 1, 1, 0, 0, 1, 0, 1), [8])),
    reference: ([x]) => x.data.map((value, i) => ([1, 2, 5, 7].includes(i) ? 0 : value)),
  },
  {
    name: 'mean of all',
    shapes: [[3, 4]],
    build: ([x], graph) => binaryCrossEntropy(x, graph.constant(new Float32Array(12).fill(1), [3, 4])),
    reference: ([x]) => Float64Array.of(x.data.reduce((total, value) => total + binaryReference(value, 1) / 12, 0)),
  },
  {
    name: 'mean of two rows of three',
    shapes: [[3, 5]],
    build: ([x], graph) => {
      const targets = graph.constant(new Float32Array(15), [3, 5]);
      return binaryCrossEntropy(x, targets, graph.constant(Float32Array.of(1, 0, 1), [3, 1]));
    },
    reference: ([x]) => {
      const counted = x.data.filter((_, i) => i < 5 || i >= 10);
      return Float64Array.of(counted.reduce((total, value) => total + binaryReference(value, 0) / 10, 0));
    },
  },
];
