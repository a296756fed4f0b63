import { BYTES_PER_ELEMENT, elementCount } from '../trace/shape.ts';
import type { Dispatch, Tensor } from '../trace/trace.ts';
import { linearDispatch } from './dispatch.ts';
import { type Matrices, paddedLines } from './image.ts';
import { read, rowVectors, writeMatrix } from './kernel.ts';

/** Fills an image of `imageLayout`, a thread for each vec4. */
export function copyToImage(from: Tensor, image: Tensor, matrices: Matrices): Dispatch {
  const { lines, row } = matrices;
  const padded = paddedLines(matrices);
  const [height, width] = [image.shape[0], image.shape[1] / 4];
  const { vector } = rowVectors(row);
  const elements = elementCount(from.shape);
  const scalar = (n: number) =>
    `select(0.0, load_value(min(at + ${n}u, ${elements - 1}u)), column * 4u + ${n}u < ${row}u)`;
  const value =
    vector === 4 ? `load_value(source * ${row / 4}u + column)` : `vec4f(${[0, 1, 2, 3].map(scalar).join(', ')})`;
  const inside = padded === lines ? 'true' : `line % ${padded}u < ${lines}u`;
  const dispatch = linearDispatch({
    label: 'copy to texture',
    bindings: [read('value', vector), writeMatrix('image', width)],
    operands: [from, image],
    threads: height * width,
    body: `  let line = index / ${width}u;
  let column = index % ${width}u;
  let source = ${padded === lines ? 'line' : `line / ${padded}u * ${lines}u + min(line % ${padded}u, ${lines - 1}u)`};
${
  vector === 4
    ? ''
    : `  let at = source * ${row}u + column * 4u;
`
}  store_image(line, column, ${padded === lines ? value : `select(vec4f(0.0), ${value}, ${inside})`});`,
  });
  const copiesRows = { bytes: row * BYTES_PER_ELEMENT, count: elements / row };
  return padded === lines && vector === 4 ? { ...dispatch, copiesRows } : dispatch;
}
