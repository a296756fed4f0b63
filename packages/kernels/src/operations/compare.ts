import { elementwiseOperation } from '../kernels/elementwise.ts';
import { requireType } from '../trace/checks.ts';
import { noGradient } from '../trace/operation.ts';
import type { Tensor } from '../trace/trace.ts';
import { requireWord } from '../trace/words.ts';
import { broadcastShape } from './broadcast-shape.ts';
import { RELATIONS, type Relation } from './keep-where.ts';

/**
 * 1 where a relation holds, else 0: `compare(ids, '==', padding)`. The result is f32, as masks are everywhere: it can
 * be multiplied, summed to a count, given to `crossEntropy` as mask or to `where` as condition. "And" is `multiply`,
 * "or" is `maximum`. Has no gradient. What holds of NaN is undefined, as in WGSL.
 *
 * @param a f32 or u32
 * @param b the same data type; a and b broadcast as in numpy
 * @returns f32
 */
export function compare(a: Tensor, relation: Relation, b: Tensor): Tensor {
  requireWord(relation, RELATIONS, 'compare: the relation');
  return a.graph.apply(compareOperation, [a, b], { relation })[0];
}

export const compareOperation = elementwiseOperation<{ relation: Relation }>({
  name: 'compare',
  outputs([a, b]) {
    requireType(b, a.dtype, 'compare', 'b');
    return [{ shape: broadcastShape('compare', a, b), dtype: 'f32' }];
  },
  formula: ({ attributes: { relation } }) => ({
    label: `compare ${relation}`,
    expression: `select(0.0, 1.0, a ${relation} b)`,
    operands: ['a', 'b'],
  }),
  backward: noGradient,
});
