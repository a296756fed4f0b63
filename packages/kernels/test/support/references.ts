/** Plain loops in float64, each the textbook formula of one operation. Shapes as in the operation's docstring. */
import type { Reference } from './verify.ts';

export function matmulReference(
  a: Reference,
  b: Reference,
  { transposeA = false, transposeB = false, bias }: { transposeA?: boolean; transposeB?: boolean; bias?: Reference },
): Float64Array {
  const [batchA, batchB] = [a, b].map(({ shape }) => shape.slice(0, -2));
  const rank = Math.max(batchA.length, batchB.length);
  const sizeOf = (batch: readonly number[], axis: number) => batch[axis - rank + batch.length] ?? 1;
  const batches = coordinates(
    Array.from({ length: rank }, (_, axis) => Math.max(sizeOf(batchA, axis), sizeOf(batchB, axis))),
  );
  const matrixOf = (batch: readonly number[], at: readonly number[]) =>
    batch.reduce((place, size, axis) => place * size + (size === 1 ? 0 : at[axis + rank - batch.length]), 0);
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const [M, K, N] = [transposeA ? columnsA : rowsA, transposeA ? rowsA : columnsA, transposeB ? rowsB : columnsB];
  const c = new Float64Array(batches.length * M * N);
  for (const [z, at] of batches.entries()) {
    const baseA = matrixOf(batchA, at) * M * K;
    const baseB = matrixOf(batchB, at) * K * N;
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let total = bias?.data[n] ?? 0;
        for (let k = 0; k < K; k++) {
          const left = a.data[baseA + (transposeA ? k * M + m : m * K + k)];
          const right = b.data[baseB + (transposeB ? n * K + k : k * N + n)];
          total += left * right;
        }
        c[(z * M + m) * N + n] = total;
      }
    }
  }
  return c;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Returns hidden states of all steps (T, B, H), then the final hidden and cell state, one after the other. */
export function lstmReference(
  projected: Reference,
  recurrent: Reference,
  initialHidden?: Reference,
  initialCell?: Reference,
  reverse = false,
): Float64Array {
  const [steps, batch] = projected.shape;
  const units = recurrent.shape[0];
  const hidden = Float64Array.from(initialHidden?.data ?? new Float64Array(batch * units));
  const cell = Float64Array.from(initialCell?.data ?? new Float64Array(batch * units));
  const output = new Float64Array(steps * batch * units);
  for (let step = 0; step < steps; step++) {
    const t = reverse ? steps - 1 - step : step;
    const previous = hidden.slice();
    for (let b = 0; b < batch; b++) {
      for (let u = 0; u < units; u++) {
        const gate = (index: number) => {
          let total = projected.data[(t * batch + b) * 4 * units + index * units + u];
          for (let k = 0; k < units; k++) {
            total += previous[b * units + k] * recurrent.data[k * 4 * units + index * units + u];
          }
          return total;
        };
        const [i, j, f, o] = [sigmoid(gate(0)), Math.tanh(gate(1)), sigmoid(gate(2)), sigmoid(gate(3))];
        cell[b * units + u] = f * cell[b * units + u] + i * j;
        hidden[b * units + u] = o * Math.tanh(cell[b * units + u]);
      }
    }
    output.set(hidden, t * batch * units);
  }
  return Float64Array.from([...output, ...hidden, ...cell]);
}

export function crossEntropyReference(logits: Reference, targets: ArrayLike<number>, labelSmoothing = 0): Float64Array {
  const [rows, classes] = logits.shape;
  return Float64Array.from({ length: rows }, (_, row) => {
    const values = logits.data.subarray(row * classes, (row + 1) * classes);
    const highest = Math.max(...values);
    const total = values.reduce((sum, value) => sum + Math.exp(value - highest), 0);
    const average = values.reduce((sum, value) => sum + value, 0) / classes;
    return highest + Math.log(total) - (1 - labelSmoothing) * values[targets[row]] - labelSmoothing * average;
  });
}

export const unaryReferences = {
  negate: (x: number) => -x,
  square: (x: number) => x * x,
  sqrt: Math.sqrt,
  rsqrt: (x: number) => 1 / Math.sqrt(x),
  exp: Math.exp,
  log: Math.log,
  sigmoid,
  tanh: Math.tanh,
  abs: Math.abs,
  reciprocal: (x: number) => 1 / x,
  relu: (x: number) => Math.max(x, 0),
  elu: (x: number) => (x > 0 ? x : Math.expm1(x)),
  silu: (x: number) => x * sigmoid(x),
  softplus: (x: number) => Math.log1p(Math.exp(x)),
  gelu: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

export const binaryReferences = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
  maximum: Math.max,
  minimum: Math.min,
};

/** Every coordinate of a shape, in row-major order. */
export function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((prefix) => Array.from({ length: size }, (_, index) => [...prefix, index])),
    [[]],
  );
}

/** The element of `source` that numpy's broadcasting pairs with a coordinate of a larger shape. */
export function broadcastElement(source: Reference, coordinate: readonly number[]): number {
  const lead = coordinate.length - source.shape.length;
  const index = source.shape.reduce((at, size, axis) => at * size + (size === 1 ? 0 : coordinate[axis + lead]), 0);
  return source.data[index];
}
