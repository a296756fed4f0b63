import {
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readWrite,
  wgslFloat,
  write,
} from '../kernel.ts';
import { type Operation, overwritesFirst } from '../operation.ts';
import { PCG_WGSL } from '../random.ts';
import { elementCount, requireShape, requireType, type Tensor } from '../tensor.ts';

/**
 * Inverted dropout (Srivastava et al. 2014): y = x / (1 - rate) with probability 1 - rate, else 0.
 *
 * The mask is a hash of (seed, stream, element), so nothing is stored for the backward pass: it draws the same mask.
 *
 * @param x f32
 * @param rate share of elements set to zero, 0 <= rate < 1
 * @param seed u32 scalar tensor; a new value each step
 * @param stream distinguishes the dropouts of one step
 */
export function dropout(x: Tensor, rate: number, seed: Tensor, stream: number): Tensor {
  return rate === 0 ? x : x.graph.apply(dropoutOperation, [x, seed], { rate, stream })[0];
}

export const dropoutOperation: Operation<{ rate: number; stream: number }> = {
  name: 'dropout',
  inPlace: overwritesFirst,
  outputs([x, seed], { rate }) {
    requireType(x, 'f32', 'dropout', 'x');
    requireType(seed, 'u32', 'dropout', 'seed');
    requireShape(elementCount(seed.shape) === 1, 'dropout', 'seed must be a scalar', seed);
    requireShape(rate > 0 && rate < 1, 'dropout', `0 < rate ${rate} < 1 must hold`, x);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  kernels(node, { inPlace }) {
    const [x, seed] = node.inputs;
    const [y] = node.outputs;
    const { rate, stream } = node.attributes;
    const threads = elementCount(x.shape);
    const source = inPlace ? 'result' : 'x';
    return [
      {
        kernel: {
          label: 'dropout',
          bindings: [read('seed', 1, 'u32'), ...(inPlace ? [readWrite('result')] : [read('x'), write('result')])],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `${PCG_WGSL}
fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  let kept = pcg3d(vec3u(index, ${stream}u, seed[0])).x >= ${Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1)}u;
  result[index] = select(0.0, ${source}[index] * ${wgslFloat(1 / (1 - rate))}, kept);
}`,
        },
        operands: inPlace ? [seed, y] : [seed, x, y],
        uniforms: [],
        workgroups: linearGrid(threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward(node, [dy]) {
    const { rate, stream } = node.attributes;
    return [dy === undefined ? undefined : dropout(dy, rate, node.inputs[1], stream), undefined];
  },
};
