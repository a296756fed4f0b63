import { noGradient } from '../trace/operation.ts';
import type { Operation, Tensor } from '../trace/trace.ts';

/** The same values as a constant: no gradient flows back through it. Costs nothing. @param x any data type */
export function stopGradient(x: Tensor): Tensor {
  return x.graph.apply(stopGradientOperation, [x], {})[0];
}

export const stopGradientOperation: Operation<object> = {
  name: 'stopGradient',
  outputs: ([{ shape, dtype }]) => [{ shape, dtype }],
  alias: () => ({ input: 0, offset: 0 }),
  kernels: () => [],
  backward: noGradient,
};
