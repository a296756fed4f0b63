import { linearDispatch } from '../../kernels/dispatch.ts';
import { read, write } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { onceDifferentiable } from '../../trace/operation.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Operation } from '../../trace/trace.ts';

/** Threads that take turns along a stretch of an arena, so that neighbours load 128 bytes next to each other. */
const THREADS = 8;
/** Vec4s that a thread adds up in one chain, and chains that it adds up in turn. */
const [CHAIN, CHAINS] = [32, 2];
const STRETCH = THREADS * CHAIN * CHAINS;

/**
 * Sums of the squares of an arena, N elements -> 8 sums for each 2,048. Which squares each of them adds up, and in
 * which order, depends on N alone: an arena that is bound in pieces gives the same bits as a whole one.
 */
export const squaredSumsOperation: Operation<object> = {
  name: 'squaredSums',
  outputs([arena]) {
    requireType(arena, 'f32', 'globalNorm', 'gradients');
    const elements = elementCount(arena.shape);
    requireShape(elements % 4 === 0, 'globalNorm', 'gradients must be a whole arena, see Graph.flat', arena);
    return [{ shape: [THREADS * Math.ceil(elements / 4 / STRETCH)], dtype: 'f32' }];
  },
  kernels({ inputs: [arena], outputs: [sums] }, { pieces, part }) {
    return pieces(elementCount(arena.shape), 4 * STRETCH).map((piece) => {
      const width = piece.elements / 4;
      const before = (THREADS * piece.first) / 4 / STRETCH;
      return linearDispatch({
        label: 'squared sums',
        bindings: [read('x', 4), write('result')],
        operands: [part(arena, piece), sums],
        threads: THREADS * Math.ceil(width / STRETCH),
        body: `  let begin = index / ${THREADS}u * ${STRETCH}u + index % ${THREADS}u;
  let end = min((index / ${THREADS}u + 1u) * ${STRETCH}u, ${width}u);
  var total = 0.0;
  for (var start = begin; start < end; start += ${THREADS * CHAIN}u) {
    var chain = 0.0;
    for (var at = start; at < min(start + ${THREADS * CHAIN}u, end); at += ${THREADS}u) {
      let value = load_x(at);
      chain += dot(value, value);
    }
    total += chain;
  }
  store_result(${before === 0 ? '' : `${before}u + `}index, total);`,
      });
    });
  },
  backward: onceDifferentiable,
};
