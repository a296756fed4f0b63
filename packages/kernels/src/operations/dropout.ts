import { elementwiseOperation } from '../kernels/elementwise.ts';
import { wgslFloat } from '../kernels/kernel.ts';
import { PCG_WGSL } from '../kernels/random.ts';
import { elementCount } from '../trace/shape.ts';
import { requireShape, requireType, type Tensor } from '../trace/tensor.ts';

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

export const dropoutOperation = elementwiseOperation<{ rate: number; stream: number }>({
  name: 'dropout',
  outputs([x, seed], { rate }) {
    requireType(x, 'f32', 'dropout', 'x');
    requireType(seed, 'u32', 'dropout', 'seed');
    requireShape(elementCount(seed.shape) === 1, 'dropout', 'seed must be a scalar', seed);
    requireShape(rate > 0 && rate < 1, 'dropout', `0 < rate ${rate} < 1 must hold`, x);
    return [{ shape: x.shape, dtype: 'f32' }];
  },
  formula({ attributes: { rate, stream } }) {
    const threshold = Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
    const kept = `pcg3d(vec3u(index, ${stream}u, seed)).x >= ${threshold}u`;
    return {
      label: 'dropout',
      expression: `select(0.0, x * ${wgslFloat(1 / (1 - rate))}, ${kept})`,
      operands: ['x', 'seed'],
      helpers: [PCG_WGSL],
    };
  },
  backward(node, [dy]) {
    const { rate, stream } = node.attributes;
    return [dy === undefined ? undefined : dropout(dy, rate, node.inputs[1], stream), undefined];
  },
});
