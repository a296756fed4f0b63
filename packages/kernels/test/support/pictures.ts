/** Plain loops in float64 over pictures (batch, height, width, channels). */
import type { Size2d } from '../../src/index.ts';
import { coordinates } from './references.ts';
import type { Reference } from './verify.ts';

export interface Geometry {
  readonly x: readonly [batch: number, height: number, width: number, channels: number];
  /** Height, width and channels of the result. */
  readonly w: readonly [height: number, width: number, channels: number];
  readonly stride: Size2d;
  readonly padding: Size2d;
}

/** Positions of a window along one axis of a padded picture. */
export function positions(size: number, window: number, stride: number, padding: number): number {
  return Math.floor((size + 2 * padding - window) / stride) + 1;
}

export function convolvedShape({ x, w, stride, padding }: Geometry): [number, number, number, number] {
  const [height, width] = [0, 1].map((axis) => positions(x[axis + 1], w[axis], stride[axis], padding[axis]));
  return [x[0], height, width, w[2]];
}

/** The element number of a pixel's channel, or -1 outside the picture. */
export function element(shape: readonly number[], [b, v, u, c]: readonly number[]): number {
  if (v < 0 || v >= shape[1] || u < 0 || u >= shape[2]) return -1;
  return ((b * shape[1] + v) * shape[2] + u) * shape[3] + c;
}

/** The element numbers of all products x w that are part of elements of y, as triples. */
export function products(geometry: Geometry): { x: number; w: number; y: number }[] {
  const { x, w, stride, padding } = geometry;
  return coordinates(convolvedShape(geometry)).flatMap(([b, v, u, o], y) =>
    coordinates([w[0], w[1], x[3]]).flatMap(([i, j, c]) => {
      const at = element(x, [b, v * stride[0] + i - padding[0], u * stride[1] + j - padding[1], c]);
      return at < 0 ? [] : [{ x: at, w: ((i * w[1] + j) * x[3] + c) * w[2] + o, y }];
    }),
  );
}

/** One bias for each channel, repeated over the pixels. */
export function biased(shape: readonly number[], bias: Reference | undefined): Float64Array {
  const pixels = shape[0] * shape[1] * shape[2];
  return Float64Array.from({ length: pixels * shape[3] }, (_, index) => bias?.data[index % shape[3]] ?? 0);
}
