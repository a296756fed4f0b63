import { KernelError } from '../errors.ts';
import { requireShape } from '../trace/checks.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';
import { reshape } from './view.ts';

/** Settings of `sum`, `mean` and `max`. */
export interface ReductionOptions {
  /** Leave reduced axes as size 1 instead of dropping them. */
  readonly keepAxes?: boolean;
}

/** Neighbouring axes, the first to the last, which are one axis of the flat data. */
export interface AxisRun {
  readonly first: number;
  readonly last: number;
}

/** (outer, length, inner): the flat data with a run of axes as one. */
export function flatShape(shape: Shape, { first, last }: AxisRun): [number, number, number] {
  const [outer, length, inner] = [shape.slice(0, first), shape.slice(first, last + 1), shape.slice(last + 1)];
  return [elementCount(outer), elementCount(length), elementCount(inner)];
}

/** The shape after the reduction of a run, whose axes stay as size 1. */
export function reducedShape(shape: Shape, { first, last }: AxisRun): Shape {
  return shape.map((size, axis) => (axis >= first && axis <= last ? 1 : size));
}

/**
 * Reduces over axes, from the last to the first, neighbours in one step.
 *
 * @param axes all of them if undefined; -1 is the last
 * @param reduce from x to its `reducedShape`
 * @throws KernelError `shape` for an axis that does not exist
 */
export function reduceRuns(
  name: string,
  x: Tensor,
  axes: readonly number[] | undefined,
  { keepAxes = false }: ReductionOptions,
  reduce: (x: Tensor, run: AxisRun) => Tensor,
): Tensor {
  const reduced = reducedAxes(name, x, axes);
  let result = x;
  for (let last = x.shape.length - 1; last >= 0; last--) {
    if (!reduced.has(last)) continue;
    let first = last;
    while (reduced.has(first - 1)) first--;
    const run = { first, last };
    if (flatShape(x.shape, run)[1] > 1) result = reduce(result, run);
    last = first;
  }
  return reshape(result, keepAxes ? result.shape : result.shape.filter((_, axis) => !reduced.has(axis)));
}

/** @throws KernelError `option` for what is not a list, `shape` for an axis that does not exist or is named twice */
function reducedAxes(name: string, x: Tensor, axes: readonly number[] | undefined): Set<number> {
  if (axes === undefined) return new Set(x.shape.keys());
  if (!Array.isArray(axes)) throw new KernelError('option', `${name}: axes must be a list such as [1], got ${axes}.`);
  const reduced = new Set(axes.map((axis) => resolveAxis(name, x, axis)));
  requireShape(reduced.size === axes.length, name, `axes ${axes.join(', ')} name one twice`, x);
  return reduced;
}

/** The same for operations on flat data. @param reduce (outer, length, inner) -> (outer, 1, inner) */
export function reduceAxes(
  name: string,
  x: Tensor,
  axes: readonly number[] | undefined,
  options: ReductionOptions,
  reduce: (x: Tensor) => Tensor,
): Tensor {
  return reduceRuns(name, x, axes, options, (from, run) =>
    reshape(reduce(reshape(from, flatShape(from.shape, run))), reducedShape(from.shape, run)),
  );
}

/**
 * A part keeps at least so many terms, so that there is less left to sum than there was; and few enough for
 * `blockedSums`.
 */
const [MIN_TERMS, MAX_TERMS] = [32, 1024];

/** Few long reductions are cut so that some thousand threads have work, and each does not sum too many terms. */
export function partCount(reductions: number, length: number): number {
  const parts = Math.max(Math.ceil(4096 / reductions), Math.ceil(length / MAX_TERMS));
  return Math.max(1, Math.min(parts, Math.floor(length / MIN_TERMS)));
}
