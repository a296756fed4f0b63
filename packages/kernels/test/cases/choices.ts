import {
  cast,
  compare,
  type DataType,
  elementCount,
  type Graph,
  oneHot,
  type Relation,
  type Shape,
  type Tensor,
  where,
} from '../../src/index.ts';
import { randomIds } from '../support/numbers.ts';
import { broadcastElement, coordinates } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';
import { RELATIONS } from './elementwise.ts';

/** Whole numbers below 3, so that some are equal, as f32 or u32. */
function smallNumbers(shape: Shape, seed: number, dtype: DataType): Reference & { constant(graph: Graph): Tensor } {
  const ids = randomIds(elementCount(shape), seed, 3);
  return {
    shape,
    data: Float64Array.from(ids),
    constant: (graph) => graph.constant(dtype === 'u32' ? ids : Float32Array.from(ids), shape),
  };
}

export const castCases: readonly OperationCase[] = [
  {
    name: 'to u32 drops fractions and keeps to the range',
    shapes: [[3, 40]],
    range: [-2, 5],
    build: ([x]) => cast(x, 'u32'),
    reference: ([x]) => x.data.map((value) => Math.max(0, Math.trunc(value))),
    differentiable: false,
  },
  {
    name: 'to f32',
    shapes: [],
    build: (_inputs, graph) => cast(smallNumbers([7], 3, 'u32').constant(graph), 'f32'),
    reference: () => smallNumbers([7], 3, 'u32').data,
    differentiable: false,
  },
];

const PAIRS: readonly [Shape, Shape][] = [
  [[7], [7]],
  [[3, 8], [8]],
  [
    [3, 1],
    [2, 1, 5],
  ],
  [[], [6]],
];

export function compareCases(): OperationCase[] {
  return Object.entries(RELATIONS).flatMap(([relation, holds]) =>
    (['f32', 'u32'] as const).flatMap((dtype) =>
      PAIRS.map(([shapeA, shapeB], index): OperationCase => {
        const [a, b] = [smallNumbers(shapeA, 31, dtype), smallNumbers(shapeB, 32, dtype)];
        const shape: Shape = [[7], [3, 8], [2, 3, 5], [6]][index];
        return {
          name: `${dtype} [${shapeA}] ${relation} [${shapeB}]`,
          shapes: [],
          build: (_inputs, graph) => compare(a.constant(graph), relation as Relation, b.constant(graph)),
          reference: () =>
            Float64Array.from(coordinates(shape), (at) =>
              holds(broadcastElement(a, at), broadcastElement(b, at)) ? 1 : 0,
            ),
          differentiable: false,
        };
      }),
    ),
  );
}

const BRANCHES: readonly [condition: Shape, a: Shape, b: Shape, result: Shape][] = [
  [[7], [7], [7], [7]],
  [[3, 8], [8], [3, 1], [3, 8]],
  [[2, 1, 1], [3, 1], [5], [2, 3, 5]],
  [[4], [], [], [4]],
  [[], [2, 4], [4], [2, 4]],
];

export function whereCases(): OperationCase[] {
  return (['f32', 'u32'] as const).flatMap((dtype) =>
    BRANCHES.map(([shape, shapeA, shapeB, result]): OperationCase => {
      const condition = smallNumbers(shape, 41, dtype);
      return {
        name: `${dtype} [${shape}] ? [${shapeA}] : [${shapeB}]`,
        shapes: [shapeA, shapeB],
        build: ([a, b], graph) => where(condition.constant(graph), a, b),
        reference: ([a, b]) =>
          Float64Array.from(coordinates(result), (at) =>
            broadcastElement(broadcastElement(condition, at) !== 0 ? a : b, at),
          ),
      };
    }),
  );
}

export const oneHotCases: readonly OperationCase[] = (
  [
    [[5], 3],
    [[2, 3], 8],
    [[], 4],
    // Ids of 2 are beyond the last class.
    [[9], 2],
    [[4], 1],
  ] satisfies [Shape, number][]
).map(([shape, classes]) => {
  const ids = smallNumbers(shape, 51, 'u32');
  return {
    name: `[${shape}] of ${classes} classes`,
    shapes: [],
    build: (_inputs, graph) => oneHot(ids.constant(graph), classes),
    reference: () =>
      Float64Array.from(coordinates([...shape, classes]), (at) =>
        broadcastElement(ids, at.slice(0, -1)) === at.at(-1) ? 1 : 0,
      ),
    differentiable: false,
  };
});
