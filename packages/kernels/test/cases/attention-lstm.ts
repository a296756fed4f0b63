import { attentionLstm, concat, elementCount, reshape, type Shape, type Tensor } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import { lstmReference, matmulReference } from '../support/references.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

const matrix = (shape: Shape, data: ArrayLike<number>): Reference => ({ shape, data: Float64Array.from(data) });

/** Rows of two matrices side by side. */
function beside(a: Reference, b: Reference): Reference {
  const [rows, left] = a.shape;
  const right = b.shape[1];
  const data = Array.from({ length: rows }, (_, row) => [
    ...a.data.subarray(row * left, (row + 1) * left),
    ...b.data.subarray(row * right, (row + 1) * right),
  ]);
  return matrix([rows, left + right], data.flat());
}

/**
 * Step by step and output by output, with no product of weights multiplied out. Inputs in the order of `shapesOf`.
 * Returns the outputs (T, B, H), then the final hidden, cell, context and memory.
 */
export function attentionLstmReference(inputs: readonly Reference[], memory: number): Float64Array {
  const [x, mix, mixBias, input, recurrent, bias, query, queryBias, key, score, output, outputBias, ...initial] =
    inputs;
  const [steps, batch, width] = x.shape;
  const units = recurrent.shape[0];
  const size = batch * units;
  const zero = (count: number) => new Float64Array(count);
  const state = (index: number) => matrix([batch, units], initial[index]?.data ?? zero(size));
  let [hidden, cell, context] = [state(0), state(1), state(2)];
  const outputs = Array.from({ length: memory }, (_, n) =>
    matrix([batch, units], initial[3]?.data.subarray(n * size, (n + 1) * size) ?? zero(size)),
  );
  for (let t = 0; t < steps; t++) {
    const xt = matrix([batch, width], x.data.subarray(t * batch * width, (t + 1) * batch * width));
    const mixed = matrix([batch, width], matmulReference(beside(xt, context), mix, { bias: mixBias }));
    const gates = matrix([1, batch, 4 * units], matmulReference(mixed, input, { bias }));
    const next = lstmReference(gates, recurrent, hidden, cell);
    [hidden, cell] = [
      matrix([batch, units], next.subarray(size, 2 * size)),
      matrix([batch, units], next.subarray(2 * size)),
    ];
    const q = matmulReference(beside(cell, hidden), query, { bias: queryBias });
    const seen = outputs.slice(-memory);
    const scores = seen.map((out) => {
      const keys = matmulReference(out, key, {});
      return Array.from({ length: batch }, (_, b) =>
        score.data.reduce((total, v, u) => total + v * Math.tanh(keys[b * units + u] + q[b * units + u]), 0),
      );
    });
    context = matrix(
      [batch, units],
      Float64Array.from({ length: size }, (_, element) => {
        const weights = scores.map((row) => Math.exp(row[Math.floor(element / units)]));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        return seen.reduce((sum, out, n) => sum + (weights[n] / total) * out.data[element], 0);
      }),
    );
    outputs.push(matrix([batch, units], matmulReference(beside(hidden, context), output, { bias: outputBias })));
  }
  const data = (list: readonly Reference[]) => list.flatMap((each) => [...each.data]);
  return Float64Array.from([
    ...data(outputs.slice(memory)),
    ...data([hidden, cell, context]),
    ...data(outputs.slice(-memory)),
  ]);
}

/** x, the weights in the order of `attentionLstmReference`, then the state where one is given. */
export function shapesOf(steps: number, batch: number, inputs: number, units: number, memory?: number): Shape[] {
  return [
    [steps, batch, inputs],
    [inputs + units, inputs],
    [inputs],
    [inputs, 4 * units],
    [units, 4 * units],
    [4 * units],
    [2 * units, units],
    [units],
    [units, units],
    [units],
    [2 * units, units],
    [units],
    ...(memory === undefined
      ? []
      : [
          [batch, units],
          [batch, units],
          [batch, units],
          [memory, batch, units],
        ]),
  ];
}

/** The layer on tensors of `shapesOf`. */
export function applyAttentionLstm(tensors: readonly Tensor[], memory: number): ReturnType<typeof attentionLstm> {
  const [x, mix, mixBias, input, recurrent, bias, query, queryBias, key, score, output, outputBias, ...state] = tensors;
  const weights = { mix, mixBias, input, recurrent, bias, query, queryBias, key, score, output, outputBias };
  const [hidden, cell, context, window] = state;
  const initial = state.length === 0 ? undefined : { hidden, cell, context, memory: window };
  return attentionLstm(x, weights, memory, initial);
}

/** Output and final state side by side, so that gradients flow through all of them. */
export function attentionLstmParts({ output, final }: ReturnType<typeof attentionLstm>): Tensor {
  const parts = [output, final.hidden, final.cell, final.context, final.memory];
  return concat(parts.map((x) => reshape(x, [elementCount(x.shape)])));
}

export function attentionLstmCases(): OperationCase[] {
  const sizes: [steps: number, batch: number, inputs: number, units: number, memory: number][] = [
    [1, 1, 1, 1, 1],
    [3, 2, 3, 4, 2],
    [2, 3, 2, 3, 5],
    [6, 1, 2, 2, 3],
    [2, 17, 5, 8, 9],
  ];
  return sizes.flatMap(([steps, batch, inputs, units, memory]) =>
    [true, false].map((given) => ({
      name: `${steps} steps, batch ${batch}, ${inputs} inputs, ${units} units, memory ${memory}, ${given ? 'given' : 'zero'} state`,
      shapes: shapesOf(steps, batch, inputs, units, given ? memory : undefined),
      build: (tensors: readonly Tensor[]) => attentionLstmParts(applyAttentionLstm(tensors, memory)),
      reference: (references: readonly Reference[]) => attentionLstmReference(references, memory),
      tolerance: TOLERANCE.reduction,
      differentiable: units < 8,
    })),
  );
}
