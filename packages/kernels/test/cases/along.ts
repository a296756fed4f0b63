import {
  type CumulativeSumOptions,
  cumulativeSum,
  elementCount,
  gatherAlong,
  type Shape,
  scatterAdd,
} from '../../src/index.ts';
import { randomIds, TOLERANCE } from '../support/numbers.ts';
import { broadcastElement, coordinates } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

/** Shape, axis, and how many ids are taken, or sums made, along it. */
const ALONG: readonly [Shape, number, number][] = [
  [[7], 0, 5],
  [[3, 8], 1, 4],
  [[3, 5], -2, 6],
  [[2, 3, 5], 1, 2],
  [[2, 3, 4], -1, 1],
  [[1, 1], 0, 1],
  [[70, 2], 0, 130],
  // More sums to a line than threads.
  [[40, 3], 1, 150],
];

/** Ids up to twice a fifth beyond the end, some of them many times. */
function idsBelow(bound: number, shape: Shape): Reference & { ids: Uint32Array<ArrayBuffer> } {
  const ids = randomIds(elementCount(shape), 6, Math.ceil(1.2 * bound));
  return { shape, ids, data: Float64Array.from(ids) };
}

export const gatherAlongCases: readonly OperationCase[] = ALONG.map(([shape, axis, taken]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  const ids = idsBelow(shape[at], shape.with(at, taken));
  return {
    name: `${taken} along axis ${axis} of [${shape}]`,
    shapes: [shape],
    build: ([x], graph) => gatherAlong(x, graph.constant(ids.ids, ids.shape), axis),
    reference: ([x]) =>
      Float64Array.from(coordinates(ids.shape), (to) => {
        const id = broadcastElement(ids, to);
        return id < shape[at] ? broadcastElement(x, to.with(at, id)) : 0;
      }),
  };
});

export const scatterAddCases: readonly OperationCase[] = ALONG.map(([shape, axis, size]) => {
  const at = axis < 0 ? axis + shape.length : axis;
  const ids = idsBelow(size, shape);
  return {
    name: `[${shape}] to ${size} along axis ${axis}`,
    shapes: [shape],
    build: ([x], graph) => scatterAdd(x, graph.constant(ids.ids, shape), size, axis),
    reference: ([x]) =>
      Float64Array.from(coordinates(shape.with(at, size)), (to) => {
        const from = Array.from({ length: shape[at] }, (_, place) => to.with(at, place));
        const own = from.filter((coordinate) => broadcastElement(ids, coordinate) === to[at]);
        return own.reduce((sum, coordinate) => sum + broadcastElement(x, coordinate), 0);
      }),
    tolerance: TOLERANCE.reduction,
  };
});

export function cumulativeSumCases(): OperationCase[] {
  const shapes: [Shape, number][] = [
    [[6], 0],
    [[3, 5], 0],
    [[2, 3, 4], 1],
    [[2, 8], -1],
    [[2, 1, 3], 1],
    // In blocks: the last of 70 and of 102 is shorter.
    [[70, 3], 0],
    [[2, 102], -1],
  ];
  const options: CumulativeSumOptions[] = [
    {},
    { reverse: true },
    { exclusive: true },
    { reverse: true, exclusive: true },
  ];
  return shapes.flatMap(([shape, axis]) =>
    options.map(({ reverse = false, exclusive = false }): OperationCase => {
      const at = axis < 0 ? axis + shape.length : axis;
      const counts = (place: number, target: number) =>
        (exclusive ? place !== target : true) && (reverse ? place >= target : place <= target);
      return {
        name: `of [${shape}] along axis ${axis}${reverse ? ' from the end' : ''}${exclusive ? ' without itself' : ''}`,
        shapes: [shape],
        build: ([x]) => cumulativeSum(x, axis, { reverse, exclusive }),
        reference: ([x]) =>
          Float64Array.from(coordinates(shape), (to) => {
            const places = Array.from({ length: shape[at] }, (_, place) => place);
            const own = places.filter((place) => counts(place, to[at]));
            return own.reduce((sum, place) => sum + broadcastElement(x, to.with(at, place)), 0);
          }),
        tolerance: TOLERANCE.reduction,
      };
    }),
  );
}
