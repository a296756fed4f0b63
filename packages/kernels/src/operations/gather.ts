import { requireShape } from '../trace/checks.ts';
import { elementCount } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { embedding } from './embedding.ts';
import { reshape } from './view.ts';

/**
 * Rows of a tensor by number: y[.., :] = x[ids[..], :]. A row that is taken many times gets the sum of the gradients.
 *
 * @param x (N, ...row) f32
 * @param ids any shape, u32; one of N or more gives zeros and has no gradient, and `Program.write` refuses it
 * @returns (...ids, ...row)
 */
export function gather(x: Tensor, ids: Tensor): Tensor {
  requireShape(x.shape.length > 0, 'gather', 'x must have rows', x);
  const [rows, ...row] = x.shape;
  return reshape(embedding(reshape(x, [rows, elementCount(row)]), ids), [...ids.shape, ...row]);
}
