import { linearDispatch } from '../kernels/dispatch.ts';
import { type Binding, read, readWrite, write } from '../kernels/kernel.ts';
import { elementCount } from '../trace/shape.ts';
import type { Dispatch, KernelContext, Tensor } from '../trace/trace.ts';

/** Places of each number. */
export interface Groups {
  readonly dispatches: readonly Dispatch[];
  /** u32, as long as the ids: places in them, those of one number one after another and rising. */
  readonly order: Tensor;
  /** (bound, 2) u32: where in `order` the places of a number begin, and where they end. */
  readonly ends: Tensor;
}

/** Ids of a chunk, which one thread counts one after another. */
const CHUNK = 64;
const MAX_CHUNKS = 256;

/**
 * Lists where each number below a bound stands among ids: a counting sort. A thread counts the ids of a chunk, one
 * after another, so that an id's rank among equal ones needs no atomics and the order is the same in every run. Only
 * where the list of a number begins is decided by who comes first, and that no sum depends on. Ids of the bound or more
 * stand in no list.
 *
 * @param columns of the rows that the lists are for: the counts take at most about an eighth of the memory of `bound`
 *   such rows
 */
export function groupByNumber(ids: Tensor, bound: number, columns: number, scratch: KernelContext['scratch']): Groups {
  const count = elementCount(ids.shape);
  const most = Math.min(MAX_CHUNKS, Math.max(8, Math.floor(columns / 8)));
  const chunk = Math.max(CHUNK, Math.ceil(count / most));
  const chunks = Math.ceil(count / chunk);
  const ranks = scratch([count], 'u32');
  const order = scratch([count], 'u32');
  const starts = scratch([bound, chunks], 'u32');
  const ends = scratch([bound, 2], 'u32');
  const cursor = scratch([1], 'u32');
  const taken: Binding = { name: 'cursor', type: 'atomic<u32>', vector: 1, access: 'read_write' };
  const dispatches = [
    linearDispatch({
      label: 'count numbers',
      bindings: [
        read('ids', 1, 'u32'),
        write('ranks', 1, 'u32'),
        readWrite('starts', 1, 'u32'),
        write('cursor', 1, 'u32'),
      ],
      operands: [ids, ranks, starts, cursor],
      threads: chunks,
      body: `  if (index == 0u) { store_cursor(0u, 0u); }
  for (var number = 0u; number < ${bound}u; number++) { store_starts(number * ${chunks}u + index, 0u); }
  for (var n = index * ${chunk}u; n < min((index + 1u) * ${chunk}u, ${count}u); n++) {
    let number = load_ids(n);
    if (number < ${bound}u) {
      let rank = load_starts(number * ${chunks}u + index);
      store_ranks(n, rank);
      store_starts(number * ${chunks}u + index, rank + 1u);
    }
  }`,
    }),
    linearDispatch({
      label: 'lay out numbers',
      bindings: [readWrite('starts', 1, 'u32'), write('ends', 1, 'u32'), taken],
      operands: [starts, ends, cursor],
      threads: bound,
      body: `  var total = 0u;
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) { total += load_starts(index * ${chunks}u + chunk); }
  var start = atomicAdd(&buffer_cursor[0], total);
  store_ends(2u * index, start);
  store_ends(2u * index + 1u, start + total);
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) {
    let size = load_starts(index * ${chunks}u + chunk);
    store_starts(index * ${chunks}u + chunk, start);
    start += size;
  }`,
    }),
    linearDispatch({
      label: 'place numbers',
      bindings: [read('ids', 1, 'u32'), read('ranks', 1, 'u32'), read('starts', 1, 'u32'), write('order', 1, 'u32')],
      operands: [ids, ranks, starts, order],
      threads: count,
      body: `  let number = load_ids(index);
  if (number < ${bound}u) { store_order(load_starts(number * ${chunks}u + index / ${chunk}u) + load_ranks(index), index); }`,
    }),
  ];
  return { dispatches, order, ends };
}
