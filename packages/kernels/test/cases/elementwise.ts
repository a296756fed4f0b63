import {
  type BinaryName,
  binary,
  broadcast,
  elementCount,
  type Graph,
  keepWhere,
  type Relation,
  type Shape,
  scale,
  type UnaryName,
  unary,
} from '../../src/index.ts';
import { randomNumbers, TOLERANCE } from '../support/numbers.ts';
import { binaryReferences, broadcastElement, coordinates, unaryReferences } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

export function unaryCases(): OperationCase[] {
  return Object.entries(unaryReferences).flatMap(([name, reference]) =>
    [[7], [3, 8]].map((shape): OperationCase => {
      const positive = ['log', 'sqrt', 'rsqrt', 'reciprocal'].includes(name);
      return {
        name: `${name} of ${shape}`,
        shapes: [shape],
        range: positive ? [0.1, 4] : [-4, 4],
        build: ([x]) => unary(name as UnaryName, x),
        reference: ([x]) => x.data.map(reference),
        tolerance: TOLERANCE.reduction,
      };
    }),
  );
}

export function binaryCases(): OperationCase[] {
  const pairs: [Shape, Shape][] = [
    [[6], [6]],
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [3, 4],
      [3, 1],
    ],
    [
      [1, 5],
      [3, 1],
    ],
    [[2, 3, 8], []],
    [
      [2, 1, 8],
      [5, 8],
    ],
    [[], [3]],
  ];
  return Object.entries(binaryReferences).flatMap(([name, apply]) =>
    pairs.map(([a, b]): OperationCase => {
      const output = (): Shape => {
        const rank = Math.max(a.length, b.length);
        return Array.from({ length: rank }, (_, axis) =>
          Math.max(a[axis - rank + a.length] ?? 1, b[axis - rank + b.length] ?? 1),
        );
      };
      return {
        name: `${name} of [${a}] and [${b}]`,
        shapes: [a, b],
        range: name === 'divide' ? [0.5, 2] : [-1, 1],
        build: ([x, y]) => binary(name as BinaryName, x, y),
        reference: ([x, y]) =>
          Float64Array.from(coordinates(output()), (at) => apply(broadcastElement(x, at), broadcastElement(y, at))),
      };
    }),
  );
}

export const scaleCases: readonly OperationCase[] = [
  {
    name: 'by -2.5',
    shapes: [[3, 3]],
    build: ([x]) => scale(x, -2.5),
    reference: ([x]) => x.data.map((value) => -2.5 * value),
  },
  {
    name: 'a scalar by 1e20, which WGSL does not take as digits',
    shapes: [[]],
    range: [1e-20, 2e-20],
    build: ([x]) => scale(x, 1e20),
    reference: ([x]) => x.data.map((value) => 1e20 * value),
    differentiable: false,
  },
];

export const broadcastCases: readonly OperationCase[] = (
  [
    [
      [3, 1],
      [2, 3, 4],
    ],
    [[], [5]],
    [
      [1, 4],
      [3, 4],
    ],
  ] satisfies [Shape, Shape][]
).map(([from, to]) => ({
  name: `[${from}] to [${to}]`,
  shapes: [from],
  build: ([x]) => broadcast(x, to),
  reference: ([x]) => Float64Array.from(coordinates(to), (at) => broadcastElement(x, at)),
}));

/** What the relations mean. */
export const RELATIONS = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
} satisfies Record<Relation, (a: number, b: number) => boolean>;

export function keepWhereCases(): OperationCase[] {
  const shapes: [Shape, Shape, Shape][] = [
    [[5], [5], [5]],
    [[3, 4], [4], [3, 1]],
    [[2, 3], [], [2, 3]],
  ];
  return Object.entries(RELATIONS).flatMap(([relation, holds]) =>
    shapes.map(([shape, shapeA, shapeB]): OperationCase => {
      // Whole numbers, so that some are equal.
      const operand = (size: Shape, seed: number) => ({
        shape: size,
        data: Float64Array.from(randomNumbers(elementCount(size), seed, -1.5, 1.5), Math.round),
      });
      const [a, b] = [operand(shapeA, 21), operand(shapeB, 22)];
      const constant = (graph: Graph, { shape: size, data }: Reference) =>
        graph.constant(Float32Array.from(data), size);
      return {
        name: `[${shape}] where [${shapeA}] ${relation} [${shapeB}]`,
        shapes: [shape],
        build: ([x], graph) => keepWhere(x, constant(graph, a), relation as Relation, constant(graph, b)),
        reference: ([x]) =>
          Float64Array.from(coordinates(shape), (at, index) =>
            holds(broadcastElement(a, at), broadcastElement(b, at)) ? x.data[index] : 0,
          ),
      };
    }),
  );
}
