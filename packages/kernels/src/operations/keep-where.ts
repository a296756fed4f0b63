import { elementwiseOperation } from '../kernels/elementwise.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import type { Shape } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';
import { requireWord } from '../trace/words.ts';

/** The words of `Relation`. */
export const RELATIONS = ['<', '<=', '>', '>=', '==', '!='] as const;
/** How `compare` and `keepWhere` relate two numbers. */
export type Relation = (typeof RELATIONS)[number];

/**
 * x where a relation between a and b holds, else 0: `keepWhere(x, a, '>=', b)`. The gradient flows to x alone, where it
 * was kept: the relation itself has none.
 *
 * @param x any shape, f32
 * @param a broadcasts to that shape, f32
 * @param b broadcasts to that shape, f32
 * @returns the shape of x
 */
export function keepWhere(x: Tensor, a: Tensor, relation: Relation, b: Tensor): Tensor {
  requireWord(relation, RELATIONS, 'keepWhere: the relation');
  return x.graph.apply(keepWhereOperation, [x, a, b], { relation })[0];
}

export const keepWhereOperation = elementwiseOperation<{ relation: Relation }>({
  name: 'keepWhere',
  outputs([x, a, b]) {
    for (const [name, tensor] of Object.entries({ x, a, b })) requireType(tensor, 'f32', 'keepWhere', name);
    const fits = broadcastsTo(a.shape, x.shape) && broadcastsTo(b.shape, x.shape);
    requireShape(fits, 'keepWhere', 'a and b must broadcast to x', x, a, b);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  formula: ({ attributes: { relation } }) => ({
    label: 'keepWhere',
    expression: `select(0.0, x, a ${relation} b)`,
    operands: ['x', 'a', 'b'],
  }),
  backward(node, [dy], [wanted]) {
    const [, a, b] = node.inputs;
    const kept = dy !== undefined && wanted ? keepWhere(dy, a, node.attributes.relation, b) : undefined;
    return [kept, undefined, undefined];
  },
});

function broadcastsTo(shape: Shape, target: Shape): boolean {
  const lead = target.length - shape.length;
  return lead >= 0 && shape.every((size, axis) => size === 1 || size === target[axis + lead]);
}
