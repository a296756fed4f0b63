import { operations, reshape, slice, transpose, unary } from '../../src/index.ts';
import type { OperationCase } from '../support/verify.ts';

export const padCases: readonly OperationCase[] = [
  {
    name: '2 rows into 5',
    shapes: [[2, 3]],
    build: ([x]) => x.graph.apply(operations.pad, [x], { before: 1, rows: 5 })[0],
    reference: ([x]) => Float64Array.from([0, 0, 0, ...x.data, 0, 0, 0, 0, 0, 0]),
  },
];

export const reshapeCases: readonly OperationCase[] = [
  {
    name: '[2, 6] to [3, 4]',
    shapes: [[2, 6]],
    build: ([x]) => reshape(unary('negate', x), [3, 4]),
    reference: ([x]) => x.data.map((value) => -value),
  },
];

export const sliceCases: readonly OperationCase[] = [
  [5, 3, 1, 4],
  [3, 64, 1, 3],
  [4, 64, 0, 1],
].map(([rows, width, start, end]) => ({
  name: `rows ${start} to ${end} of ${rows}x${width}`,
  shapes: [[rows, width]],
  build: ([x]) => unary('square', slice(x, start, end)),
  reference: ([x]) => x.data.slice(start * width, end * width).map((value) => value * value),
}));

export const transposeCases: readonly OperationCase[] = [
  [3, 5],
  [1, 4],
  [33, 8],
].map(([rows, columns]) => ({
  name: `${rows}x${columns}`,
  shapes: [[rows, columns]],
  build: ([x]) => transpose(x),
  reference: ([x]) =>
    Float64Array.from({ length: rows * columns }, (_, i) => x.data[(i % rows) * columns + Math.floor(i / rows)]),
}));
