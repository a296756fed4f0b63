import { KernelError } from '../../errors.ts';
import { linearDispatch } from '../../kernels/dispatch.ts';
import { read, rowVectors, write, writeMatrix } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../../trace/shape.ts';
import type { Dispatch, Operation, Tensor } from '../../trace/trace.ts';
import { concat } from '../concat.ts';
import { forwardKernel, stepRows } from '../lstm/kernels.ts';
import { imagesInTurn, initialState, type LstmState } from '../lstm/lstm.ts';
import type { LstmWeights } from '../lstm/stack.ts';
import { matmul } from '../matmul/matmul.ts';
import { slice } from '../slice.ts';
import { broadcast } from '../sum.ts';
import { reshape } from '../view.ts';
import { attentionLstmBackward } from './gradient.ts';
import { contextKernel, outputKernel, queryKernel, scoreKernel } from './kernels.ts';

/** Weights of an LSTM with attention, besides those of its cell. */
export interface AttentionLstmWeights extends LstmWeights {
  /** (I + H, I) and (I): input and last context to what the cell reads. */
  readonly mix: Tensor;
  readonly mixBias: Tensor;
  /** (2H, H) and (H): cell state, then hidden state, to the query. */
  readonly query: Tensor;
  readonly queryBias: Tensor;
  /** (H, H): an output to its key. */
  readonly key: Tensor;
  /** (H): v below. */
  readonly score: Tensor;
  /** (2H, H) and (H): hidden state, then context, to the output. */
  readonly output: Tensor;
  readonly outputBias: Tensor;
}

/** State of `attentionLstm` between two steps: that of its cell, and what it attends to. */
export interface AttentionLstmState extends LstmState {
  /** (B, H): what the last step attended to. */
  readonly context: Tensor;
  /** (N, B, H): the last N outputs, oldest first. */
  readonly memory: Tensor;
}

/**
 * An LSTM layer with additive attention over its own last N outputs, as TensorFlow's AttentionCellWrapper (Bahdanau et
 * al. 2015; over a window: Cheng, Dong and Lapata 2016) and Magenta's attention_rnn have it:
 *
 *     x'_t = [x_t ; context_(t-1)] mix + b
 *     c_t, h_t = LSTM(x'_t)
 *     q_t = [c_t ; h_t] query + b
 *     context_t = sum over the last N outputs of softmax(v . tanh(out_n key + q_t))_n out_n
 *     out_t = [h_t ; context_t] output + b
 *
 * Outputs before the start count as they stand in the initial state (zero if there is none), as in the source: they are
 * attended to. Magenta's attention_rnn, 74 inputs, layers of 128 and 128 units, 40 classes, has 338,006 weights:
 *
 *     mix 202 74 + 74, cell 202 512 + 512, query 256 128 + 128, key 128 128, v 128, output 256 128 + 128    201,262
 *     second layer 256 512 + 512, classes 128 40 + 40                                                       136,744
 *
 * Products of weights are multiplied out, so that a step needs five kernels: x and context go straight to the gates,
 * and the key of an output comes with it. Kept for the backward pass: 12 H and N + 1 numbers a step and sequence.
 *
 * @param x (T, B, I)
 * @param memory N
 * @param initial state before the first step; zero if left out
 * @returns the outputs (T, B, H) and the state after the last step, from which another call goes on
 * @throws KernelError `shape` where weights, state and input do not fit
 */
export function attentionLstm(
  x: Tensor,
  weights: AttentionLstmWeights,
  memory: number,
  initial?: AttentionLstmState,
): { output: Tensor; final: AttentionLstmState } {
  requireShape(x.shape.length === 3, 'attentionLstm', 'x must be (T, B, I)', x);
  if (!Number.isInteger(memory) || memory < 1) {
    throw new KernelError('shape', `attentionLstm: the memory must be of 1 output or more, got ${memory}.`);
  }
  const { graph } = x;
  const [steps, batch, inputs] = x.shape;
  const units = weights.recurrent.shape[0];
  requireWeights(weights, inputs, units);
  const zero = (shape: Shape) => broadcast(graph.constant(new Float32Array(1), []), shape);
  const [state, window]: Shape[] = [
    [batch, units],
    [memory, batch, units],
  ];
  const start: AttentionLstmState = initial ?? {
    hidden: zero(state),
    cell: zero(state),
    context: zero(state),
    memory: zero(window),
  };

  const given = [start.hidden, start.cell, start.context, start.memory];
  const fits = given.every(({ shape }, index) => sameShape(shape, index < 3 ? state : window));
  const rule = `the initial state must be (B, H) thrice and a memory (N, B, H) with N = ${memory}`;
  requireShape(fits, 'attentionLstm', rule, ...given);

  const [mixInput, mixContext] = [slice(weights.mix, 0, inputs), slice(weights.mix, inputs, inputs + units)];
  const rows = reshape(x, [steps * batch, inputs]);
  const mixed = matmul(rows, mixInput, { bias: weights.mixBias });
  const projected = matmul(mixed, weights.input, { bias: weights.bias });
  const outputKey = matmul(weights.output, weights.key);
  const keyBias = reshape(matmul(reshape(weights.outputBias, [1, units]), weights.key), [units]);
  const keys = (outputs: Tensor) => matmul(reshape(outputs, [memory * batch, units]), weights.key);
  const [hidden, cells, contexts, entries] = graph.apply(
    attentionLstmOperation,
    [
      reshape(projected, [steps, batch, 4 * units]),
      concat([weights.recurrent, matmul(mixContext, weights.input)]),
      weights.query,
      weights.queryBias,
      weights.score,
      concat([weights.output, outputKey], 1),
      concat([weights.outputBias, keyBias]),
      ...given,
      reshape(keys(start.memory), window),
    ],
    {},
  );
  const outputs = reshape(slice(entries, 0, 1), [memory + steps, batch, units]);
  const last = (states: Tensor) => reshape(slice(states, steps, steps + 1), state);
  return {
    output: slice(outputs, memory, memory + steps),
    final: {
      hidden: last(hidden),
      cell: last(cells),
      context: last(contexts),
      memory: slice(outputs, steps, steps + memory),
    },
  };
}

/** Whatever tensors the operation gets are made from these, so that it need not check them again. */
function requireWeights(weights: AttentionLstmWeights, inputs: number, units: number): void {
  const shapes: Record<keyof AttentionLstmWeights, Shape> = {
    input: [inputs, 4 * units],
    recurrent: [units, 4 * units],
    bias: [4 * units],
    mix: [inputs + units, inputs],
    mixBias: [inputs],
    query: [2 * units, units],
    queryBias: [units],
    key: [units, units],
    score: [units],
    output: [2 * units, units],
    outputBias: [units],
  };
  for (const [name, shape] of Object.entries(shapes)) {
    const tensor = weights[name as keyof AttentionLstmWeights];
    requireShape(sameShape(tensor.shape, shape), 'attentionLstm', `${name} must be ${formatShape(shape)}`, tensor);
  }
}

/**
 * Inputs: projected inputs (T, B, 4H); recurrent (2H, 4H), for [h ; context]; query (2H, H), its bias; v (H); output
 * (2H, 2H), to [output key], its bias; then the initial hidden, cell, context (B, H), outputs and their keys (N, B, H).
 *
 * Outputs: hidden states, cells and contexts (T+1, B, H); outputs and keys (2, N+T, B, H), the initial ones included;
 * activated gates (T, B, 4H); queries (T, B, H); scores (T, B, N+1), the last the logarithm of the sum of exponentials.
 */
export const attentionLstmOperation: Operation<object> = {
  name: 'attentionLstm',
  inPlace: () => [{ input: 0, output: 4 }],
  outputs(inputs) {
    for (const input of inputs) requireType(input, 'f32', 'attentionLstm', 'every input');
    const [steps, batch, gates] = inputs[0].shape;
    const [units, memory] = [gates / 4, inputs[10].shape[0]];
    const states = [steps + 1, batch, units];
    const entries = [2, memory + steps, batch, units];
    const scores = [steps, batch, memory + 1];
    const shapes = [states, states, states, entries, inputs[0].shape, [steps, batch, units], scores];
    return shapes.map((shape) => ({ shape, dtype: 'f32' }));
  },
  kernels(node, { inPlace, image, scratchImage }) {
    const [projected, recurrent, query, queryBias, score, output, outputBias, ...initial] = node.inputs;
    const [hidden, cells, contexts, entries, gates, queries, scores] = node.outputs;
    const [steps, batch] = projected.shape;
    const [units, memory] = [score.shape[0], initial[3].shape[0]];
    const sizes = { steps, batch, units, memory };
    const [keys, rows] = [(memory + steps) * batch * units, stepRows(steps, false)];
    const columns = units / 4;
    const matrices = [
      [recurrent, 4 * units],
      [query, units],
      [output, 2 * units],
    ] as const;
    const weights = units % 4 === 0 ? matrices.map(([matrix, row]) => image(matrix, { lines: 2 * units, row })) : [];
    const [recurrentImage, queryImage, outputImage] = weights;
    const turns = outputImage && imagesInTurn(scratchImage, { lines: 2 * batch, columns });
    const context = turns && scratchImage({ lines: batch, columns });
    const entryImage = context && scratchImage({ lines: 2 * (memory + steps) * batch, columns });
    const images = entryImage !== undefined;
    const kernels = {
      step: forwardKernel(sizes, { inPlace, images, attends: true }),
      query: queryKernel(sizes, images),
      scores: scoreKernel(sizes),
      context: contextKernel(sizes, images),
      output: outputKernel(sizes, images),
    };
    const given = (tensors: readonly (Tensor | undefined)[]) => tensors.filter((tensor) => tensor !== undefined);
    /** The five launches of a step; `before` and `after` are the textures of the states, where there are any. */
    const launches = (before: Tensor | undefined, after: Tensor | undefined): Omit<Dispatch, 'uniforms'>[] => [
      {
        ...kernels.step,
        operands: given([
          inPlace ? undefined : projected,
          ...[recurrentImage ?? recurrent, before, after, hidden, cells, context ?? contexts, gates],
        ]),
      },
      {
        ...kernels.query,
        operands: given([...(after ? [after] : [cells, hidden]), queryImage ?? query, queryBias, queries]),
      },
      { ...kernels.scores, operands: [entryImage ?? entries, queries, score, scores] },
      { ...kernels.context, operands: given([entryImage ?? entries, scores, contexts, context]) },
      {
        ...kernels.output,
        operands: given([after ?? hidden, context ?? contexts, outputImage ?? output, outputBias, entries, entryImage]),
      },
    ];
    const texture = (image: Tensor | undefined, line: number) => image && { image, line };
    return [
      initialState(hidden, initial[0], 0, texture(turns?.[0], 0)),
      initialState(cells, initial[1], 0, texture(turns?.[0], batch)),
      initialState(contexts, initial[2], 0, texture(context, 0)),
      ...[initial[3], initial[4]].map((from, part) => put(from, entries, part * keys, entryImage)),
      ...rows.flatMap(({ step, before, after }, index) =>
        launches(turns?.[index % 2], turns?.[(index + 1) % 2]).map(
          (launch): Dispatch => ({ ...launch, uniforms: [step, before, after] }),
        ),
      ),
    ];
  },
  backward: attentionLstmBackward,
};

/** Copies rows of units into a larger tensor from an element on, and into its texture. */
function put(from: Tensor, to: Tensor, offset: number, image: Tensor | undefined): Dispatch {
  const { vector, width } = rowVectors(from.shape[from.shape.length - 1]);
  const lines = offset / (vector * width);
  return linearDispatch({
    label: 'lstm initial entries',
    bindings: [read('value', vector), write('result', vector), ...(image ? [writeMatrix('image', width)] : [])],
    operands: [from, to, ...(image ? [image] : [])],
    threads: elementCount(from.shape) / vector,
    body: `  let value = load_value(index);
  store_result(${offset / vector}u + index, value);${image ? `\n  store_image(${lines}u + index / ${width}u, index % ${width}u, value);` : ''}`,
  });
}
