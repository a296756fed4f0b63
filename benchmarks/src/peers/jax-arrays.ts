import { type Array as JaxArray, numpy as np } from '@jax-js/jax';
import { numbers } from '../gpu/problems.ts';

/** Values in a shape. */
export const array = (values: Float32Array<ArrayBuffer>, shape: number[]): JaxArray => np.array(values).reshape(shape);

/** The numbers of a stream. */
export const tensor = (shape: number[], stream: number, limit = 1): JaxArray =>
  array(
    numbers(
      shape.reduce((product, size) => product * size, 1),
      stream,
      limit,
    ),
    shape,
  );

/** One-hot rows of u32 classes. */
export function oneHot(ids: Uint32Array, classes: number): JaxArray {
  const rows = new Float32Array(ids.length * classes);
  for (const [row, id] of ids.entries()) rows[row * classes + id] = 1;
  return array(rows, [ids.length, classes]);
}
