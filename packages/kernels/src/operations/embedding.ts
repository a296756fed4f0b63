import { linearDispatch } from '../kernels/dispatch.ts';
import { every, read, readWrite, rowVectors, write } from '../kernels/kernel.ts';
import { requireShape, requireType } from '../trace/checks.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Operation, Tensor } from '../trace/trace.ts';
import { groupByNumber } from './group-by-number.ts';

/**
 * Rows of a table: y[.., :] = table[ids[..], :]. Equals one-hot(ids) times the table, at no cost of multiplication.
 *
 * @param table (V, D) f32
 * @param ids any shape, u32; one of V or more gives zeros and has no gradient, and `Program.write` refuses it
 * @returns (...ids, D)
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return table.graph.apply(embeddingOperation, [table, ids], { caller: 'embedding' })[0];
}

export const embeddingOperation: Operation<{ caller: 'embedding' | 'gather' }> = {
  name: 'embedding',
  title: ({ caller }) => caller,
  outputs([table, ids], { caller }) {
    requireShape(table.shape.length === 2, caller, 'table must be a matrix', table);
    requireType(table, 'f32', caller, caller === 'gather' ? 'x' : 'table');
    requireType(ids, 'u32', caller, 'ids');
    return [{ shape: [...ids.shape, table.shape[1]], dtype: 'f32' }];
  },
  numbers: ({ inputs: [table] }) => ({ input: 1, bound: table.shape[0] }),
  kernels(node) {
    const [table, ids] = node.inputs;
    const [vocabulary, columns] = table.shape;
    const { vector, type } = rowVectors(columns);
    const { groups, threads, head, place } = rowShares(columns);
    return [
      linearDispatch({
        label: 'embedding',
        bindings: [read('table', vector), read('ids', 1, 'u32'), write('result', vector)],
        operands: [table, ids, node.outputs[0]],
        threads: elementCount(ids.shape) * threads,
        body: `${head}
  let number = load_ids(row);
  let source = min(number, ${vocabulary - 1}u);
${every(groups, (group) => `  store_result(${place('row', group)}, select(${type}(0.0), load_table(${place('source', group)}), number < ${vocabulary}u));`)}`,
      }),
    ];
  },
  backward(node, [dy], [wanted]) {
    const [table, ids] = node.inputs;
    if (dy === undefined || !wanted) return [undefined, undefined];
    const [gradient] = dy.graph.apply(embeddingGradientOperation, [dy, ids], { shape: table.shape });
    return [gradient, undefined];
  },
};

/**
 * dTable[v, :] = sum of dy[n, :] over all n with ids[n] = v, plus a third input of dTable's shape if there is one. WGSL
 * has no float atomics, so the rows of each number are listed first; a thread then adds up its columns of them, from
 * the first to the last.
 */
export const embeddingGradientOperation: Operation<{ shape: Shape }> = {
  name: 'embeddingGradient',
  inPlace: () => [{ input: 2, output: 0 }],
  outputs: (_inputs, { shape }) => [{ shape, dtype: 'f32' }],
  accumulate({ inputs, attributes }, addend) {
    if (inputs.length > 2) return undefined;
    return addend.graph.apply(embeddingGradientOperation, [...inputs, addend], attributes)[0];
  },
  kernels(node, { inPlace, scratch }) {
    const [dy, ids, addend] = node.inputs;
    const [result] = node.outputs;
    const [vocabulary, columns] = node.attributes.shape;
    const { vector, type } = rowVectors(columns);
    const { groups, threads, head, place } = rowShares(columns);
    const lists = groupByNumber(ids, vocabulary, columns, scratch);
    const target = inPlace ? readWrite('result', vector) : write('result', vector);
    const separate = addend !== undefined && !inPlace;
    const start = (at: string) => (inPlace ? `load_result(${at}) + ` : separate ? `load_addend(${at}) + ` : '');
    return [
      ...lists.dispatches,
      linearDispatch({
        label: 'embeddingGradient',
        bindings: [
          read('ends', 1, 'u32'),
          read('order', 1, 'u32'),
          read('dy', vector),
          ...(separate ? [read('addend', vector)] : []),
          target,
        ],
        operands: [lists.ends, lists.order, dy, ...(separate ? [addend] : []), result],
        threads: vocabulary * threads,
        // Blocks of 32 rows, and of 32 blocks, so that no chain of additions gets long.
        body: `${head}
  let first = load_ends(2u * row);
  let end = load_ends(2u * row + 1u);
${every(groups, (group) => `  var total${group} = ${type}(0.0);`)}
  for (var large = first; large < end; large += 1024u) {
${every(groups, (group) => `    var large${group} = ${type}(0.0);`)}
    for (var block = large; block < min(large + 1024u, end); block += 32u) {
${every(groups, (group) => `      var block${group} = ${type}(0.0);`)}
      for (var n = block; n < min(block + 32u, end); n++) {
        let source = load_order(n);
${every(groups, (group) => `        block${group} += load_dy(${place('source', group)});`)}
      }
${every(groups, (group) => `      large${group} += block${group};`)}
    }
${every(groups, (group) => `    total${group} += large${group};`)}
  }
${every(groups, (group) => `  store_result(${place('row', group)}, ${start(place('row', group))}total${group});`)}`,
      }),
    ];
  },
  backward({ inputs: [, ids] }, [gradient], wanted) {
    const byRows = gradient !== undefined && wanted[0] ? embedding(gradient, ids) : undefined;
    return [byRows, undefined, gradient];
  },
};

/**
 * How threads share the columns of a row: each takes up to four groups of them, so that it loads the row's number once
 * for all, `threads` apart, so that neighbours load neighbours.
 */
function rowShares(columns: number) {
  const { width } = rowVectors(columns);
  const groups = [4, 2].find((count) => width % count === 0) ?? 1;
  const threads = width / groups;
  return {
    groups,
    threads,
    head: `  let row = index / ${threads}u;\n  let column = index % ${threads}u;`,
    place: (row: string, group: number) => `${row} * ${width}u + column + ${group * threads}u`,
  };
}
