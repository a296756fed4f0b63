import type { Shape } from '../trace/shape.ts';
import { requireShape, type Tensor } from '../trace/tensor.ts';

/**
 * The shape to which tensors broadcast as in numpy: aligned at the right, sizes equal or 1.
 *
 * @throws KernelError `shape` naming the operation where sizes differ
 */
export function broadcastShape(operation: string, ...tensors: readonly Tensor[]): Shape {
  const rank = Math.max(...tensors.map(({ shape }) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = tensors.map(({ shape }) => shape[axis - rank + shape.length] ?? 1);
    const size = Math.max(...sizes);
    requireShape(
      sizes.every((other) => other === size || other === 1),
      operation,
      'sizes must be equal or 1',
      ...tensors,
    );
    return size;
  });
}
