import { averagePool2d, maxPool2d, type PoolingOptions } from '../../src/index.ts';
import { operations } from '../../src/operation.ts';
import { TOLERANCE } from '../support/numbers.ts';
import { element, positions } from '../support/pictures.ts';
import { coordinates } from '../support/references.ts';
import type { OperationCase } from '../support/verify.ts';

type Shape4d = readonly [number, number, number, number];
type Windows = Record<keyof PoolingOptions, readonly [number, number]>;

/** Side by side, overlapping, apart, reaching beyond the edges, not dividing the picture, of one pixel. */
const windows: readonly [Shape4d, Windows][] = [
  [[2, 4, 6, 3], { size: [2, 2], stride: [2, 2], padding: [0, 0] }],
  [[1, 5, 7, 4], { size: [3, 3], stride: [2, 2], padding: [1, 1] }],
  [[2, 5, 3, 1], { size: [3, 2], stride: [1, 1], padding: [2, 0] }],
  [[1, 7, 5, 8], { size: [2, 1], stride: [3, 2], padding: [0, 0] }],
  [[1, 1, 1, 5], { size: [1, 1], stride: [1, 1], padding: [0, 0] }],
  [[1, 2, 3, 2], { size: [4, 3], stride: [2, 1], padding: [1, 2] }],
];

function pooledShape(x: Shape4d, { size, stride, padding }: Windows): Shape4d {
  const [height, width] = [0, 1].map((axis) => positions(x[axis + 1], size[axis], stride[axis], padding[axis]));
  return [x[0], height, width, x[3]];
}

/** For each element of the result, the elements of x in its window. */
function members(x: Shape4d, shape: Windows): number[][] {
  const { size, stride, padding } = shape;
  return coordinates(pooledShape(x, shape)).map(([b, v, u, c]) =>
    coordinates(size)
      .map(([i, j]) => element(x, [b, v * stride[0] + i - padding[0], u * stride[1] + j - padding[1], c]))
      .filter((at) => at >= 0),
  );
}

const name = (x: Shape4d, { size, stride, padding }: Windows) =>
  `[${x}] in windows of ${size}, stride ${stride}, padding ${padding}`;

export function maxPool2dCases(): OperationCase[] {
  return windows.map(([shape, options]) => {
    const list = members(shape, options);
    return {
      name: name(shape, options),
      shapes: [shape],
      build: ([x]) => maxPool2d(x, options),
      reference: ([x]) => Float64Array.from(list, (window) => Math.max(...window.map((at) => x.data[at]))),
    };
  });
}

export function averagePool2dCases(): OperationCase[] {
  return windows.flatMap(([shape, options]): OperationCase[] => {
    const list = members(shape, options);
    return [
      {
        name: name(shape, options),
        shapes: [shape],
        build: ([x]) => averagePool2d(x, options),
        reference: ([x]) =>
          Float64Array.from(list, (window) => window.reduce((total, at) => total + x.data[at], 0) / window.length),
        tolerance: TOLERANCE.reduction,
      },
      {
        name: `gradient of ${name(shape, options)}`,
        shapes: [pooledShape(shape, options)],
        build: ([dy]) => dy.graph.apply(operations.averagePool2dGradient, [dy], { ...options, shape })[0],
        reference: ([dy]) => {
          const dx = new Float64Array(shape.reduce((product, size) => product * size));
          for (const [y, window] of list.entries()) for (const at of window) dx[at] += dy.data[y] / window.length;
          return dx;
        },
        tolerance: TOLERANCE.reduction,
      },
    ];
  });
}
