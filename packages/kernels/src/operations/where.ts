import { elementwiseOperation } from '../kernels/elementwise.ts';
import { requireType } from '../trace/checks.ts';
import type { Tensor } from '../trace/trace.ts';
import { broadcastShape } from './broadcast-shape.ts';
import { sumToShape } from './sum.ts';

/**
 * a where the condition is not 0, else b: `where(compare(draw, '<', rate), chosen, given)`. Gradients flow to a and b,
 * each where it was taken; where it was not, they are 0 even if what flows back is not finite.
 *
 * @param condition f32 or u32
 * @param a f32 or u32
 * @param b of the data type of a; all three broadcast as in numpy
 */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return a.graph.apply(whereOperation, [condition, a, b], {})[0];
}

export const whereOperation = elementwiseOperation<object>({
  name: 'where',
  outputs([condition, a, b]) {
    requireType(b, a.dtype, 'where', 'b');
    return [{ shape: broadcastShape('where', condition, a, b), dtype: a.dtype }];
  },
  formula: ({ inputs: [condition] }) => ({
    label: 'where',
    expression: `select(b, a, condition != ${condition.dtype}(0))`,
    operands: ['condition', 'a', 'b'],
  }),
  backward({ inputs: [condition, a, b] }, [dy], wanted) {
    if (dy === undefined) return [undefined, undefined, undefined];
    const taken = (by: Branch) => whereGradient(dy, condition, by);
    return [
      undefined,
      wanted[1] ? sumToShape(taken('a'), a.shape) : undefined,
      wanted[2] ? sumToShape(taken('b'), b.shape) : undefined,
    ];
  },
});

type Branch = 'a' | 'b';

/** dy where a was taken, or where b was; else 0. */
function whereGradient(dy: Tensor, condition: Tensor, by: Branch): Tensor {
  return dy.graph.apply(whereGradientOperation, [dy, condition], { by })[0];
}

export const whereGradientOperation = elementwiseOperation<{ by: Branch }>({
  name: 'whereGradient',
  outputs: ([dy]) => [{ shape: dy.shape, dtype: 'f32' }],
  formula: ({ inputs: [, condition], attributes: { by } }) => ({
    label: 'whereGradient',
    expression: `select(0.0, dy, condition ${by === 'a' ? '!=' : '=='} ${condition.dtype}(0))`,
    operands: ['dy', 'condition'],
  }),
  backward({ inputs: [, condition], attributes: { by } }, [gradient]) {
    return [gradient && whereGradient(gradient, condition, by), undefined];
  },
});
