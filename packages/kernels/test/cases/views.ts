import { concat, pad, permute, reshape, type Shape, slice, transpose, unary } from '../../src/index.ts';
import { coordinates } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

/** The element of x at a coordinate. */
function at(x: Reference, coordinate: readonly number[]): number {
  return x.data[x.shape.reduce((index, size, axis) => index * size + coordinate[axis], 0)];
}

/** Every element of a result of some shape by its coordinate. */
function eachElement(shape: Shape, value: (coordinate: readonly number[]) => number): Float64Array {
  return Float64Array.from(coordinates(shape), value);
}

export const padCases: readonly OperationCase[] = (
  [
    [[2, 3], 1, 2, 0],
    [[2, 3], 0, 1, 1],
    [[2, 4, 3], 2, 0, 1],
    // Four neighbours at a time, also where the padded axis is the innermost.
    [[3, 2, 4], 1, 1, 1],
    [[3, 8], 4, 4, 1],
    [[1], 3, 0, 0],
  ] satisfies [Shape, number, number, number][]
).map(([shape, before, after, axis]) => ({
  name: `[${shape}] by ${before} and ${after} along axis ${axis}`,
  shapes: [shape],
  build: ([x]) => pad(x, before, after, axis),
  reference: ([x]) =>
    eachElement(shape.with(axis, before + shape[axis] + after), (to) => {
      const from = to[axis] - before;
      return from >= 0 && from < shape[axis] ? at(x, to.with(axis, from)) : 0;
    }),
}));

export const concatCases: readonly OperationCase[] = (
  [
    [
      [
        [2, 3],
        [1, 3],
      ],
      0,
    ],
    [
      [
        [2, 3],
        [2, 1],
        [2, 5],
      ],
      1,
    ],
    [
      [
        [2, 1, 4],
        [2, 3, 4],
      ],
      1,
    ],
    [
      [
        [3, 4],
        [3, 8],
      ],
      1,
    ],
    [[[5]], 0],
    // More than the eight bindings of a kernel.
    [Array.from({ length: 11 }, (_, index) => [2, 1 + (index % 3)]), 1],
  ] satisfies [Shape[], number][]
).map(([shapes, axis]) => ({
  name: `${shapes.map((shape) => `[${shape}]`).join(', ')} along axis ${axis}`,
  shapes,
  build: (inputs) => concat(inputs, axis),
  reference: (inputs) => {
    const total = shapes.reduce((sum, shape) => sum + shape[axis], 0);
    return eachElement(shapes[0].with(axis, total), (to) => {
      let place = to[axis];
      let index = 0;
      while (place >= shapes[index][axis]) place -= shapes[index++][axis];
      return at(inputs[index], to.with(axis, place));
    });
  },
}));

export const reshapeCases: readonly OperationCase[] = [
  {
    name: '[2, 6] to [3, 4]',
    shapes: [[2, 6]],
    build: ([x]) => reshape(unary('negate', x), [3, 4]),
    reference: ([x]) => x.data.map((value) => -value),
  },
];

export const sliceCases: readonly OperationCase[] = (
  [
    [[5, 3], 1, 4, 0],
    [[3, 64], 1, 3, 0],
    [[4, 64], 0, 1, 0],
    [[3, 5], 1, 4, 1],
    [[2, 4, 3], 0, 3, 1],
    [[3, 12], 4, 8, 1],
    [[1, 2, 64], 1, 2, 1],
  ] satisfies [Shape, number, number, number][]
).map(([shape, start, end, axis]) => ({
  name: `${start} to ${end} along axis ${axis} of [${shape}]`,
  shapes: [shape],
  build: ([x]) => unary('square', slice(x, start, end, axis)),
  reference: ([x]) => eachElement(shape.with(axis, end - start), (to) => at(x, to.with(axis, to[axis] + start)) ** 2),
}));

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
