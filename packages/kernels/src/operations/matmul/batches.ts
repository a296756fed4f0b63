import { elementCount, type Shape } from '../../trace/shape.ts';
import type { Tensor } from '../../trace/trace.ts';
import { broadcastAxes } from '../broadcast-shape.ts';
import { broadcast } from '../sum.ts';
import { reshape } from '../view.ts';

/**
 * The batch axes of a product: those of a and b, broadcast as in numpy.
 *
 * @throws KernelError `shape` where sizes differ
 */
export function productBatch(a: Tensor, b: Tensor): Shape {
  const batches = [a, b].map(({ shape }) => shape.slice(0, -2));
  return broadcastAxes('matmul', 'batch sizes', [a, b], batches);
}

/**
 * Operands with at most one batch axis, as the kernels take them. Where all rows of a meet one b they are rows of one
 * matrix: so the gradient of b is one product, too. What is repeated along some batch axes only is copied.
 */
export function withOneBatchAxis(a: Tensor, b: Tensor, batch: Shape, transposeA: boolean): [Tensor, Tensor] {
  const isOne = ({ shape }: Tensor) => elementCount(shape.slice(0, -2)) === 1;
  const matrix = ({ shape }: Tensor) => shape.slice(-2);
  if (isOne(b) && !transposeA) {
    const [rows, columns] = matrix(a);
    return [reshape(a, [elementCount(batch) * rows, columns]), reshape(b, matrix(b))];
  }
  const flat = (x: Tensor) =>
    isOne(x)
      ? reshape(x, matrix(x))
      : reshape(broadcast(x, [...batch, ...matrix(x)]), [elementCount(batch), ...matrix(x)]);
  return [flat(a), flat(b)];
}
