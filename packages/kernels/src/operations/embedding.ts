import { linearDispatch } from '../kernels/dispatch.ts';
import { every, LINEAR_WORKGROUP, linearGrid, read, readWrite, rowVectors, write } from '../kernels/kernel.ts';
import type { Operation } from '../trace/operation.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import { requireShape, requireType, type Tensor } from '../trace/tensor.ts';

/**
 * Rows of a table: y[.., :] = table[ids[..], :]. Equals one-hot(ids) times the table, at no cost of multiplication.
 *
 * @param table (V, D) f32
 * @param ids any shape, u32, each below V (larger ones read the last row)
 * @returns (...ids, D)
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return table.graph.apply(embeddingOperation, [table, ids], {})[0];
}

export const embeddingOperation: Operation<object> = {
  name: 'embedding',
  outputs([table, ids]) {
    requireShape(table.shape.length === 2, 'embedding', 'table must be a matrix', table);
    requireType(table, 'f32', 'embedding', 'table');
    requireType(ids, 'u32', 'embedding', 'ids');
    return [{ shape: [...ids.shape, table.shape[1]], dtype: 'f32' }];
  },
  kernels(node) {
    const [table, ids] = node.inputs;
    const [vocabulary, columns] = table.shape;
    const { vector, width: row } = rowVectors(columns);
    const threads = elementCount(ids.shape) * row;
    return [
      linearDispatch({
        label: 'embedding',
        bindings: [read('table', vector), read('ids', 1, 'u32'), write('result', vector)],
        operands: [table, ids, node.outputs[0]],
        threads,
        body: `  store_result(index, load_table(min(load_ids(index / ${row}u), ${vocabulary - 1}u) * ${row}u + index % ${row}u));`,
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
 * dTable[v, :] = sum of dy[n, :] over all n with ids[n] = v, plus a third input of dTable's shape if there is one. WGSL has
 * no float atomics, so each row looks for its own tokens. All threads of a row compare the same ids, so that the branch
 * never diverges; a thread sums up to four columns, so that each comparison serves them all.
 */
export const embeddingGradientOperation: Operation<{ shape: Shape }> = {
  name: 'embeddingGradient',
  inPlace: () => [{ input: 2, output: 0 }],
  outputs: (_inputs, { shape }) => [{ shape, dtype: 'f32' }],
  accumulate({ inputs, attributes }, addend) {
    if (inputs.length > 2) return undefined;
    return addend.graph.apply(embeddingGradientOperation, [...inputs, addend], attributes)[0];
  },
  kernels(node, { inPlace }) {
    const [dy, ids, addend] = node.inputs;
    const [result] = node.outputs;
    const [vocabulary, elements] = node.attributes.shape;
    const { vector, type, width: row } = rowVectors(elements);
    const columns = Math.min(4, Math.ceil(row / LINEAR_WORKGROUP));
    const parts = Math.ceil(row / (columns * LINEAR_WORKGROUP));
    const target = inPlace ? readWrite('result', vector) : write('result', vector);
    const separate = addend !== undefined && !inPlace;
    const start = (place: string) =>
      inPlace ? `load_result(${place}) + ` : separate ? `load_addend(${place}) + ` : '';
    return [
      {
        kernel: {
          label: 'embeddingGradient',
          bindings: [read('dy', vector), read('ids', 1, 'u32'), ...(separate ? [read('addend', vector)] : []), target],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u) {
  let place = group.y * groups.x + group.x;
  let token = place / ${parts}u;
  if (token >= ${vocabulary}u) { return; }
  let first = place % ${parts}u * ${columns * LINEAR_WORKGROUP}u + local.x;
${every(columns, (c) => `  let column${c} = min(first + ${c * LINEAR_WORKGROUP}u, ${row - 1}u);\n  var total${c} = ${type}(0.0);`)}
  for (var n = 0u; n < ${elementCount(ids.shape)}u; n++) {
    if (load_ids(n) == token) {
${every(columns, (c) => `      total${c} += load_dy(n * ${row}u + column${c});`)}
    }
  }
${every(columns, (c) => {
  const place = `token * ${row}u + column${c}`;
  return `  if (first + ${c * LINEAR_WORKGROUP}u < ${row}u) { store_result(${place}, ${start(place)}total${c}); }`;
})}
}`,
        },
        operands: separate ? [dy, ids, addend, result] : [dy, ids, result],
        uniforms: [],
        workgroups: linearGrid(vocabulary * parts, 1),
      },
    ];
  },
  backward({ inputs: [, ids] }, [gradient], wanted) {
    const byRows = gradient !== undefined && wanted[0] ? embedding(gradient, ids) : undefined;
    return [byRows, undefined, gradient];
  },
};
