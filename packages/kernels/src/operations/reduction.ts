import { elementCount } from '../trace/shape.ts';
import type { Tensor } from '../trace/tensor.ts';
import { resolveAxis } from './axis.ts';
import { reshape } from './view.ts';

/** Settings of `sum`, `mean` and `max`. */
export interface ReductionOptions {
  /** Leave reduced axes as size 1 instead of dropping them. */
  readonly keepAxes?: boolean;
}

/**
 * Reduces over axes, from the last to the first, neighbours in one step because they are one axis of the flat data.
 *
 * @param axes all of them if undefined; -1 is the last
 * @param reduce (outer, length, inner) -> (outer, 1, inner)
 * @throws KernelError `shape` for an axis that does not exist
 */
export function reduceAxes(
  name: string,
  x: Tensor,
  axes: readonly number[] | undefined,
  { keepAxes = false }: ReductionOptions,
  reduce: (x: Tensor) => Tensor,
): Tensor {
  const reduced = new Set(axes?.map((axis) => resolveAxis(name, x, axis)) ?? x.shape.keys());
  let result = x;
  let inner = 1;
  let length = 1;
  for (const [axis, size] of [...x.shape.entries()].toReversed()) {
    if (reduced.has(axis)) length *= size;
    else inner *= size;
    if (!reduced.has(axis) || reduced.has(axis - 1)) continue;
    const outer = elementCount(x.shape.slice(0, axis));
    if (length > 1) result = reduce(reshape(result, [outer, length, inner]));
    length = 1;
  }
  const kept = x.shape.map((size, axis) => (reduced.has(axis) ? 1 : size));
  return reshape(result, keepAxes ? kept : kept.filter((_, axis) => !reduced.has(axis)));
}

/** Few long reductions are cut so that some thousand threads have work; each part keeps at least 16 terms. */
export function partCount(reductions: number, length: number): number {
  const wanted = Math.ceil(4096 / reductions);
  return Math.max(1, Math.min(wanted, Math.floor(length / 16)));
}
