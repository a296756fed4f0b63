import { linearDispatch } from '../kernels/dispatch.ts';
import { type Binding, read, readWrite, write } from '../kernels/kernel.ts';
import type { DataType } from '../trace/shape.ts';
import type { Dispatch, Operation, Tensor } from '../trace/trace.ts';
import { resolveAxis } from './axis.ts';
import { around } from './slice.ts';

/** What a sum takes in: by default the element itself and all before it. */
export interface CumulativeSumOptions {
  /** Sums from the end: y_i = x_i + x_{i+1} + ... */
  readonly reverse?: boolean;
  /** Leaves out the element itself: y_0 = 0, y_i = x_0 + ... + x_{i-1}. */
  readonly exclusive?: boolean;
}

/**
 * Running sums along an axis: y_i = x_0 + ... + x_i. Long axes are cut into blocks of about the square root of their
 * length, and an element is the sum of the blocks before plus that within its own: so rounding grows with the root of
 * the length.
 *
 * @param x f32, or u32 (modulo 2^32; has no gradient)
 * @param axis by default the last
 * @returns the shape of x
 */
export function cumulativeSum(x: Tensor, axis = -1, options: CumulativeSumOptions = {}): Tensor {
  const { reverse = false, exclusive = false } = options;
  const attributes = { axis: resolveAxis('cumulativeSum', x, axis), reverse, exclusive };
  return x.graph.apply(cumulativeSumOperation, [x], attributes)[0];
}

/** An axis of this length at most is one block. */
const SHORT = 64;

export const cumulativeSumOperation: Operation<Required<CumulativeSumOptions> & { axis: number }> = {
  name: 'cumulativeSum',
  outputs: ([{ shape, dtype }]) => [{ shape, dtype }],
  kernels({ inputs: [x], outputs: [y], attributes: { axis, reverse, exclusive } }, { scratch }) {
    const { count: rows, inner } = around(x.shape, axis);
    const length = x.shape[axis];
    const block = length <= SHORT ? length : Math.ceil(Math.sqrt(length));
    const blocks = Math.ceil(length / block);
    const layout: Layout = { rows, length, inner, block, blocks, reverse, dtype: x.dtype };
    const sums = (total: string) => {
      const store = `store_result(place, ${total});`;
      return exclusive ? `${store}\n    total += value;` : `total += value;\n    ${store}`;
    };
    const [value, result] = [read('x', 1, x.dtype), write('result', 1, x.dtype)];
    if (blocks === 1) return [overBlocks(layout, [value, result], [x, y], sums('total'))];
    const before = scratch([rows, blocks, inner], x.dtype);
    return [
      overBlocks(
        layout,
        [value, write('totals', 1, x.dtype)],
        [x, before],
        'total += value;',
        'store_totals(index, total);',
      ),
      sumsBefore(layout, before),
      overBlocks(
        layout,
        [value, read('before', 1, x.dtype), result],
        [x, before, y],
        sums('load_before(index) + total'),
      ),
    ];
  },
  backward({ attributes: { axis, reverse, exclusive } }, [dy]) {
    return [dy && cumulativeSum(dy, axis, { reverse: !reverse, exclusive })];
  },
};

/** x as (rows, length, inner), the length in blocks of `block`, the last of which may be shorter. */
interface Layout {
  readonly rows: number;
  readonly length: number;
  readonly inner: number;
  readonly block: number;
  readonly blocks: number;
  readonly reverse: boolean;
  readonly dtype: DataType;
}

/**
 * A thread for each block, which goes over its elements in the order of summation.
 *
 * @param each WGSL for an element: `value`, its `place` in x, and the `total` of the thread
 * @param after WGSL at the end
 */
function overBlocks(
  { rows, length, inner, block, blocks, reverse, dtype }: Layout,
  bindings: readonly Binding[],
  operands: readonly Tensor[],
  each: string,
  after = '',
): Dispatch {
  return linearDispatch({
    label: 'cumulativeSum',
    bindings,
    operands,
    threads: rows * blocks * inner,
    body: `  let column = index % ${inner}u;
  let block = index / ${inner}u % ${blocks}u;
  let row = index / ${inner * blocks}u;
  var total = ${dtype}(0);
  for (var i = block * ${block}u; i < min((block + 1u) * ${block}u, ${length}u); i++) {
    let place = (row * ${length}u + ${reverse ? `${length - 1}u - i` : 'i'}) * ${inner}u + column;
    let value = load_x(place);
    ${each}
  }
  ${after}`,
  });
}

/** Turns the totals of blocks (rows, blocks, inner) into the sums of those before each, in place. */
function sumsBefore({ rows, inner, blocks, dtype }: Layout, totals: Tensor): Dispatch {
  return linearDispatch({
    label: 'cumulativeSum of blocks',
    bindings: [readWrite('totals', 1, dtype)],
    operands: [totals],
    threads: rows * inner,
    body: `  var before = ${dtype}(0);
  for (var block = 0u; block < ${blocks}u; block++) {
    let place = (index / ${inner}u * ${blocks}u + block) * ${inner}u + index % ${inner}u;
    let total = load_totals(place);
    store_totals(place, before);
    before += total;
  }`,
  });
}
