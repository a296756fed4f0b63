import { elementCount } from '../trace/shape.ts';
import type { Dispatch, Tensor } from '../trace/trace.ts';
import { linearDispatch } from './dispatch.ts';
import { read, write } from './kernel.ts';

/** Where runs of neighbouring elements lie in a tensor: the first at `offset`, each next `stride` further on. */
export interface Runs {
  readonly offset: number;
  readonly stride: number;
}

/** Copies elements to a tensor of the same count. A kernel and not a buffer copy, so that the compute pass goes on. */
export function copy(from: Tensor, to: Tensor): Dispatch {
  const length = elementCount(from.shape);
  const whole: Runs = { offset: 0, stride: length };
  return copyRuns('copy', { tensor: from, ...whole }, { tensor: to, ...whole }, { count: 1, length });
}

/** Copies `count` runs of `length` elements: what slicing and concatenating along any axis come to. */
export function copyRuns(
  label: string,
  from: Runs & { readonly tensor: Tensor },
  to: Runs & { readonly tensor: Tensor },
  { count, length }: { readonly count: number; readonly length: number },
): Dispatch {
  const whole = [length, from.offset, from.stride, to.offset, to.stride].every((size) => size % 4 === 0);
  const vector = whole ? 4 : 1;
  const threads = (count * length) / vector;
  const place = ({ offset, stride }: Runs) =>
    `index / ${length / vector}u * ${stride / vector}u + ${offset / vector}u + index % ${length / vector}u`;
  return linearDispatch({
    label,
    bindings: [read('value', vector, from.tensor.dtype), write('result', vector, to.tensor.dtype)],
    operands: [from.tensor, to.tensor],
    threads,
    body: `  store_result(${place(to)}, load_value(${place(from)}));`,
  });
}
