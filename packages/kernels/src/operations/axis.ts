import { requireShape } from '../trace/checks.ts';
import type { Tensor } from '../trace/trace.ts';

/**
 * The axis that a number names: 0 is the first, -1 the last.
 *
 * @throws KernelError `shape` unless -rank <= axis < rank
 */
export function resolveAxis(operation: string, x: Tensor, axis: number): number {
  const rank = x.shape.length;
  const exists = Number.isInteger(axis) && axis >= -rank && axis < rank;
  requireShape(exists, operation, `axis ${axis} must exist`, x);
  return axis < 0 ? axis + rank : axis;
}
