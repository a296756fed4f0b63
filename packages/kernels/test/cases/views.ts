import { operations, permute, reshape, type Shape, slice, transpose, unary } from '../../src/index.ts';
import { coordinates } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

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

/** The element of x at a coordinate. */
function at(x: Reference, coordinate: readonly number[]): number {
  return x.data[x.shape.reduce((index, size, axis) => index * size + coordinate[axis], 0)];
}

/** Every element of a result of some shape by its coordinate. */
function eachElement(shape: Shape, value: (coordinate: readonly number[]) => number): Float64Array {
  return Float64Array.from(coordinates(shape), value);
}

export const permuteCases: readonly OperationCase[] = [
  ...(
    [
      [
        [2, 3, 5],
        [2, 0, 1],
      ],
      // Four neighbours stay neighbours.
      [
        [3, 5, 8],
        [1, 0, 2],
      ],
      [
        [2, 3, 2, 4],
        [1, 0, 2, 3],
      ],
      [
        [4, 3, 2, 5],
        [0, 2, 1, 3],
      ],
      [
        [3, 1, 4],
        [1, 2, 0],
      ],
      // The order of elements stays: a view.
      [
        [3, 1, 4],
        [1, 0, 2],
      ],
      [[7], [0]],
      [[], []],
    ] satisfies [Shape, number[]][]
  ).map(([shape, axes]): OperationCase => {
    const result = axes.map((axis) => shape[axis]);
    return {
      name: `[${shape}] to axes [${axes}]`,
      shapes: [shape],
      build: ([x]) => unary('square', permute(x, axes)),
      reference: ([x]) =>
        eachElement(
          result,
          (to) =>
            at(
              x,
              [...shape.keys()].map((axis) => to[axes.indexOf(axis)]),
            ) ** 2,
        ),
    };
  }),
  ...[
    [3, 5],
    [1, 4],
    [33, 8],
  ].map(
    ([rows, columns]): OperationCase => ({
      name: `matrix ${rows}x${columns}`,
      shapes: [[rows, columns]],
      build: ([x]) => transpose(x),
      reference: ([x]) => eachElement([columns, rows], ([column, row]) => at(x, [row, column])),
    }),
  ),
];
