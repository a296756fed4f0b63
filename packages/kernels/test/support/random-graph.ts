import fc from 'fast-check';
import {
  Arena,
  add,
  binary,
  cast,
  compare,
  Graph,
  matmul,
  reshape,
  scale,
  slice,
  stopGradient,
  store,
  type Tensor,
  unary,
  where,
} from '../../src/index.ts';

/** One call of an operation on tensors chosen by number, counted modulo those there are. */
export type Step =
  | { readonly kind: 'unary'; readonly name: 'tanh' | 'negate' | 'sigmoid'; readonly a: number }
  | { readonly kind: 'binary'; readonly name: 'add' | 'multiply'; readonly a: number; readonly b: number }
  | { readonly kind: 'row' | 'flatten' | 'read' | 'store'; readonly a: number; readonly b: number }
  | { readonly kind: 'mix' | 'choose'; readonly a: number; readonly b: number };

const number = fc.nat(30);

/**
 * Traces with everything that the planner treats specially: views, operations in place, slots, one tensor used twice,
 * integers between floats.
 */
export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('unary' as const), name: fc.constantFrom('tanh', 'negate', 'sigmoid'), a: number }),
    fc.record({ kind: fc.constant('binary' as const), name: fc.constantFrom('add', 'multiply'), a: number, b: number }),
    fc.record({ kind: fc.constantFrom('row' as const, 'flatten', 'read', 'store'), a: number, b: number }),
    fc.record({ kind: fc.constantFrom('mix' as const, 'choose'), a: number, b: number }),
  ),
  { minLength: 1, maxLength: 25 },
);

/** Width of all tensors; rows of 64 elements begin on binding boundaries, so that slices of rows are views. */
export const WIDTH = 64;

/**
 * Builds the trace of some steps from two inputs, (3, 64) and (1, 64). All tensors have 64 columns and 1 or 3 rows.
 *
 * @param arena with slots of 3, 3 and 1 rows; `read` and `store` steps use them
 * @param traced called with each tensor right after it was traced
 */
export function buildGraph(
  list: readonly Step[],
  arena: Arena,
  traced = (_: Tensor): void => undefined,
): { graph: Graph; inputs: Tensor[]; tensors: Tensor[] } {
  const graph = new Graph();
  const inputs = [graph.input([3, WIDTH]), graph.input([1, WIDTH])];
  const tensors = [...inputs];
  for (const step of list) {
    const a = tensors[step.a % tensors.length];
    const b = step.kind === 'unary' ? a : tensors[step.b % tensors.length];
    switch (step.kind) {
      case 'unary':
        tensors.push(unary(step.name, a));
        break;
      case 'binary':
        tensors.push(binary(step.name, a, b));
        break;
      case 'row': {
        const row = step.b % a.shape[0];
        tensors.push(slice(a, row, row + 1));
        break;
      }
      case 'flatten':
        tensors.push(reshape(reshape(a, [a.shape[0] * WIDTH]), a.shape));
        break;
      case 'mix':
        // (rows a, rows b), then (rows a, 64).
        tensors.push(scale(matmul(matmul(a, b, { transposeB: true }), b), 1 / WIDTH));
        break;
      case 'choose': {
        const ids = cast(scale(a, 50), 'u32');
        const sums = add(ids, cast(scale(b, -70), 'u32'));
        tensors.push(where(compare(ids, '<', sums), scale(cast(sums, 'f32'), 0.01), stopGradient(b)));
        break;
      }
      case 'read':
        tensors.push(graph.variable(arena.slots[step.b % arena.slots.length]));
        break;
      case 'store': {
        const fitting = arena.slots.filter(({ shape }) => shape[0] === a.shape[0]);
        tensors.push(store(a, fitting[step.b % fitting.length]));
        break;
      }
    }
    traced(tensors[tensors.length - 1]);
  }
  return { graph, inputs, tensors };
}

export function stateArena(): Arena {
  const arena = new Arena('state', 'workspace');
  for (const [index, rows] of [3, 3, 1].entries()) arena.add(`slot ${index}`, [rows, WIDTH]);
  return arena;
}
