import { crossEntropyRows, elementCount, embedding, hits, type Shape, sum } from '../../src/index.ts';
import { randomIds, TOLERANCE } from '../support/numbers.ts';
import { coordinates, crossEntropyReference } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

function sumReference(x: Reference, axes: readonly number[]): Float64Array {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const totals = new Float64Array(elementCount(kept));
  for (const [index, at] of coordinates(x.shape).entries()) {
    const target = kept.reduce((place, size, axis) => place * size + (size === 1 ? 0 : at[axis]), 0);
    totals[target] += x.data[index];
  }
  return totals;
}

export function sumCases(): OperationCase[] {
  const cases: [Shape, number[]][] = [
    [[5], [0]],
    [[3, 4], [0]],
    [[3, 4], [1]],
    [
      [2, 3, 5],
      [0, 2],
    ],
    [
      [2, 3, 5],
      [0, 1, 2],
    ],
    [[70, 3], [0]],
    [[1, 1], [0]],
    [[], []],
  ];
  return cases.map(([shape, axes]) => ({
    name: `[${shape}] over ${axes}`,
    shapes: [shape],
    build: ([x]) => sum(x, axes),
    reference: ([x]) => sumReference(x, axes),
    tolerance: TOLERANCE.reduction,
  }));
}

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
