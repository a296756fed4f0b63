import { requireShape } from '../trace/checks.ts';
import type { Shape } from '../trace/shape.ts';
import type { Tensor } from '../trace/trace.ts';

/**
 * The shape to which tensors broadcast as in numpy: aligned at the right, sizes equal or 1.
 *
 * @throws KernelError `shape` naming the operation where sizes differ
 */
export function broadcastShape(operation: string, ...tensors: readonly Tensor[]): Shape {
  const shapes = tensors.map(({ shape }) => shape);
  return broadcastAxes(operation, 'sizes', tensors, shapes);
}

/** The same for some axes of tensors only. @param what those sizes are called in errors */
export function broadcastAxes(
  operation: string,
  what: string,
  tensors: readonly Tensor[],
  axes: readonly Shape[],
): Shape {
  const rank = Math.max(...axes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = axes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = Math.max(...sizes);
    const fits = sizes.every((other) => other === size || other === 1);
    requireShape(fits, operation, `${what} must be equal or 1`, ...tensors);
    return size;
  });
}
