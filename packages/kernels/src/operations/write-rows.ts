import { linearDispatch } from '../kernels/dispatch.ts';
import { read, write } from '../kernels/kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { onceDifferentiable } from '../trace/operation.ts';
import { elementCount, sameShape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';

/**
 * Writes rows into a longer tensor in place: cache[b, positions[b] + i] = rows[b, i]. With it a slot becomes a cache of
 * keys or values that grows by a row a run. What is traced after it reads the new rows; rows beyond the end are
 * dropped.
 *
 * @param cache (B, capacity, ...row) f32, a variable or an input
 * @param rows (B, N, ...row)
 * @param positions (B) u32
 */
export function writeRows(cache: Tensor, rows: Tensor, positions: Tensor): void {
  cache.graph.apply(writeRowsOperation, [cache, rows, positions], {});
}

export const writeRowsOperation: Operation<object> = {
  name: 'writeRows',
  changesInputs: [0],
  outputs([cache, rows, positions]) {
    for (const tensor of [cache, rows]) requireType(tensor, 'f32', 'writeRows', 'cache and rows');
    requireType(positions, 'u32', 'writeRows', 'positions');
    requireShape(cache.source.kind !== 'node', 'writeRows', 'cache must be a variable or an input', cache);
    const row = [cache, rows].map(({ shape }) => [shape[0], ...shape.slice(2)]);
    const fits = cache.shape.length >= 2 && rows.shape.length >= 2 && sameShape(row[0], row[1]);
    requireShape(fits, 'writeRows', 'cache must be (B, capacity, ...row) and rows (B, N, ...row)', cache, rows);
    requireShape(sameShape(positions.shape, [cache.shape[0]]), 'writeRows', 'positions must be (B)', positions);
    return [];
  },
  kernels({ inputs: [cache, rows, positions] }) {
    const threads = elementCount(rows.shape);
    const capacity = elementCount(cache.shape.slice(1));
    const written = elementCount(rows.shape.slice(1));
    const row = elementCount(rows.shape.slice(2));
    return [
      linearDispatch({
        label: 'writeRows',
        bindings: [read('rows'), read('positions', 1, 'u32'), write('cache')],
        operands: [rows, positions, cache],
        threads,
        body: `  let batch = index / ${written}u;
  let position = min(load_positions(batch), ${cache.shape[1]}u);
  let place = position * ${row}u + index % ${written}u;
  if (place < ${capacity}u) { store_cache(batch * ${capacity}u + place, load_rows(index)); }`,
      }),
    ];
  },
  backward: onceDifferentiable,
};
