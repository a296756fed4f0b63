import { requireShape, requireType } from '../trace/checks.ts';
import { elementCount } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';
import { add } from './binary.ts';
import { compare } from './compare.ts';
import { embeddingOperation } from './embedding.ts';
import { reshape } from './view.ts';
import { where } from './where.ts';

/**
 * Rows of a tensor by number: y[.., :] = x[ids[..], :], or along another axis, as numpy's take: along the second one,
 * y[n, .., :] = x[n, ids[..], :]. A row that is taken many times gets the sum of the gradients. The states of a beam
 * search go over from one lane to another by it: (B, H) along axis 0, a memory (N, B, H) along axis 1.
 *
 * @param x f32, any shape but a scalar's
 * @param ids any shape, u32; one that is not below the size of the axis gives zeros and has no gradient, and along the
 *   first axis `Program.write` refuses it
 * @param axis by default the first
 * @returns the shape of x, with that of the ids in place of the axis
 */
export function gather(x: Tensor, ids: Tensor, axis = 0): Tensor {
  requireShape(x.shape.length > 0, 'gather', 'x must have rows', x);
  requireType(ids, 'u32', 'gather', 'ids');
  const at = resolveAxis('gather', x, axis);
  const [before, size, row] = [x.shape.slice(0, at), x.shape[at], x.shape.slice(at + 1)];
  const lines = elementCount(before);
  const rows = reshape(x, [lines * size, elementCount(row)]);
  const numbers = at === 0 ? ids : inEachLine(ids, lines, size);
  const [taken] = x.graph.apply(embeddingOperation, [rows, numbers], { caller: 'gather' });
  return reshape(taken, [...before, ...ids.shape, ...row]);
}

/**
 * Ids (I) of each of some lines of rows, as numbers among all rows: (lines, I). Those beyond their line stay beyond
 * all.
 */
function inEachLine(ids: Tensor, lines: number, size: number): Tensor {
  const { graph } = ids;
  const wanted = reshape(ids, [1, elementCount(ids.shape)]);
  const first = graph.constant(
    Uint32Array.from({ length: lines }, (_, line) => line * size),
    [lines, 1],
  );
  const [bound, beyond] = [size, 0xffff_ffff].map((value) => graph.constant(Uint32Array.of(value), [1, 1]));
  return where(compare(wanted, '<', bound), add(first, wanted), beyond);
}
