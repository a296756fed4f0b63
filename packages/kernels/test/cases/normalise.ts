import { layerNorm, logSoftmax, type Shape, softmax } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

/** Applies a function of whole rows to each row of the last axis. */
function eachRow(x: Reference, apply: (row: Float64Array) => ArrayLike<number>): Float64Array {
  const width = x.shape.at(-1) ?? 1;
  const result = new Float64Array(x.data.length);
  for (let start = 0; start < x.data.length; start += width) {
    result.set(apply(x.data.slice(start, start + width)), start);
  }
  return result;
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

/** One thread a row up to 127 numbers or 127 groups of four; a workgroup a row beyond. */
const ROW_SHAPES: readonly Shape[] = [[1, 2], [5, 7], [2, 3, 8], [70, 3], [2, 131], [1, 516], [4]];

export const layerNormCases: readonly OperationCase[] = ROW_SHAPES.map((shape) => ({
  name: `of [${shape}]`,
  shapes: [shape, shape.slice(-1), shape.slice(-1)],
  range: [-2, 3],
  build: ([x, scale, shift]) => layerNorm(x, scale, shift),
  reference: ([x, scale, shift]) =>
    eachRow(x, (row) => {
      const mean = total(row) / row.length;
      const variance = total(row.map((value) => (value - mean) ** 2)) / row.length;
      return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * scale.data[i] + shift.data[i]);
    }),
  tolerance: TOLERANCE.reduction,
}));

function softmaxReference(row: Float64Array): Float64Array {
  const highest = Math.max(...row);
  const all = total(row.map((value) => Math.exp(value - highest)));
  return row.map((value) => Math.exp(value - highest) / all);
}

export const softmaxCases: readonly OperationCase[] = [
  ...ROW_SHAPES.map(
    (shape): OperationCase => ({
      name: `of [${shape}]`,
      shapes: [shape],
      range: [-5, 5],
      build: ([x]) => softmax(x),
      reference: ([x]) => eachRow(x, softmaxReference),
    }),
  ),
  ...ROW_SHAPES.map(
    (shape): OperationCase => ({
      name: `logarithm, of [${shape}]`,
      shapes: [shape],
      range: [-5, 5],
      build: ([x]) => logSoftmax(x),
      reference: ([x]) => eachRow(x, (row) => softmaxReference(row).map(Math.log)),
      tolerance: TOLERANCE.reduction,
    }),
  ),
  {
    name: 'of values whose exponentials overflow',
    shapes: [[3, 6]],
    range: [80, 1000],
    build: ([x]) => softmax(x),
    reference: ([x]) => eachRow(x, softmaxReference),
  },
];
