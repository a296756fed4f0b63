import type { Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';
import { maxOperation } from './max.ts';
import type { ReductionOptions } from './reduction.ts';
import { around } from './slice.ts';
import { stopGradient } from './stop-gradient.ts';
import { reshape } from './view.ts';

/**
 * Where along an axis the largest element lies, or the first NaN; the first of equals. Has no gradient.
 *
 * @param x f32
 * @param axis by default the last
 * @returns u32, without the axis unless it is kept
 */
export function argMax(x: Tensor, axis = -1, { keepAxes = false }: ReductionOptions = {}): Tensor {
  const reduced = resolveAxis('argMax', x, axis);
  const { count, inner } = around(x.shape, reduced);
  const flat = reshape(stopGradient(x), [count, x.shape[reduced], inner]);
  const [, places] = x.graph.apply(maxOperation, [flat], {});
  return reshape(places, keepAxes ? x.shape.with(reduced, 1) : x.shape.toSpliced(reduced, 1));
}
