import { KernelError } from '../../errors.ts';
import { linearDispatch } from '../../kernels/dispatch.ts';
import { read, write } from '../../kernels/kernel.ts';
import type { Node } from '../../trace/graph.ts';
import { type Dispatch, type Operation, onceDifferentiable, overwritesFirst } from '../../trace/operation.ts';
import { elementCount, formatShape, sameShape } from '../../trace/shape.ts';
import { requireShape, requireType, type Tensor } from '../../trace/tensor.ts';
import { add } from '../binary.ts';
import { matmul } from '../matmul/matmul.ts';
import { transpose } from '../permute.ts';
import { slice } from '../slice.ts';
import { reshape } from '../view.ts';
import { backwardKernel, forwardKernel, type IncomingGradients, stepRows } from './kernels.ts';

/** State of one direction of a layer: both (B, H). */
export interface LstmState {
  readonly hidden: Tensor;
  readonly cell: Tensor;
}

/**
 * One LSTM layer over a sequence (Hochreiter and Schmidhuber 1997, with forget gates; gate order i, j, f, o as in
 * TensorFlow's BasicLSTMCell):
 *
 *     [i j f o] = projected_t + h_(t-1) W      i, f, o through the sigmoid, candidate j through tanh
 *     c_t = f c_(t-1) + i j
 *     h_t = o tanh(c_t)
 *
 * The projection of the inputs is the caller's: one matmul over all steps, or an embedding. BasicLSTMCell's forget bias
 * of 1 is a bias that starts at 1.
 *
 * @param projected (T, B, 4H): inputs times their weights plus bias
 * @param recurrent (H, 4H): W above
 * @param initial state before the first step that is computed; zero if left out
 * @returns the outputs h of all steps (T, B, H) and the state after the last step that is computed
 */
export function lstm(
  projected: Tensor,
  recurrent: Tensor,
  initial?: LstmState,
  { reverse = false }: LstmOptions = {},
): { output: Tensor; final: LstmState } {
  const inputs = initial ? [projected, recurrent, initial.hidden, initial.cell] : [projected, recurrent];
  const [hidden, cells] = projected.graph.apply(lstmOperation, inputs, { reverse });
  const steps = projected.shape[0];
  const final = reverse ? 0 : steps;
  return {
    output: reverse ? slice(hidden, 0, steps) : slice(hidden, 1, steps + 1),
    final: { hidden: rowOf(hidden, final), cell: rowOf(cells, final) },
  };
}

/** Settings of `lstm`. */
export interface LstmOptions {
  /** From the last step to the first: h_t follows from h_(t+1). The output stays in the order of the input. */
  readonly reverse?: boolean;
}

/**
 * Outputs: hidden states (T+1, B, H) and cells (T+1, B, H), in which the initial state has row 0 (row T in reverse), and the
 * activated gates (T, B, 4H), which take over the projection's memory. One kernel a step fuses the recurrent product with
 * the gates.
 */
export const lstmOperation: Operation<Required<LstmOptions>> = {
  name: 'lstm',
  inPlace: () => [{ input: 0, output: 2 }],
  outputs(inputs) {
    const [projected, recurrent, ...initial] = inputs;
    for (const input of inputs) requireType(input, 'f32', 'lstm', 'every input');
    const fits = projected.shape.length === 3 && recurrent.shape.length === 2;
    requireShape(fits, 'lstm', 'projected must be (T, B, 4H) and recurrent (H, 4H)', projected, recurrent);
    const [steps, batch, gates] = projected.shape;
    const units = recurrent.shape[0];
    const widths = gates === 4 * units && recurrent.shape[1] === gates;
    requireShape(widths, 'lstm', 'both last axes must be 4 x the first of recurrent', projected, recurrent);
    const statesFit = initial.every(({ shape }) => sameShape(shape, [batch, units]));
    requireShape(statesFit, 'lstm', `initial states must be ${formatShape([batch, units])}`, ...initial);
    const states = { shape: [steps + 1, batch, units], dtype: 'f32' } as const;
    return [states, states, { shape: projected.shape, dtype: 'f32' }];
  },
  kernels(node, { inPlace }) {
    const [projected, recurrent, initialHidden, initialCell] = node.inputs;
    const [hidden, cells, gates] = node.outputs;
    const [steps, batch, units] = [projected.shape[0], projected.shape[1], recurrent.shape[0]];
    const step = forwardKernel({ steps, batch, units }, inPlace);
    const operands = inPlace ? [recurrent, hidden, cells, gates] : [projected, recurrent, hidden, cells, gates];
    const rows = stepRows(steps, node.attributes.reverse);
    return [
      initialState(hidden, initialHidden, rows[0].before),
      initialState(cells, initialCell, rows[0].before),
      ...rows.map(({ step: t, before, after }): Dispatch => ({ ...step, operands, uniforms: [t, before, after] })),
    ];
  },
  backward(node, [dHidden, dCells, dGates], wanted) {
    if (dHidden === undefined && dCells === undefined) return node.inputs.map(() => undefined);
    if (dGates !== undefined) throw new KernelError('not-differentiable', 'lstm: the gates have no gradient.');
    return lstmBackward(node, dHidden, dCells, wanted);
  },
};

/**
 * Gradients of one layer from those of its hidden states and cells (T+1, B, H): one kernel a step walks back through
 * time and leaves the gradients of all gates; the weights' gradient is then one matmul over all steps.
 */
function lstmBackward(
  node: Node<Required<LstmOptions>>,
  dHidden: Tensor | undefined,
  dCells: Tensor | undefined,
  wanted: readonly boolean[],
): (Tensor | undefined)[] {
  const [, recurrent] = node.inputs;
  const [hidden, cells, gates] = node.outputs;
  const { reverse } = node.attributes;
  const [steps, batch, width] = gates.shape;
  const units = width / 4;
  const attributes = { reverse, hasHidden: dHidden !== undefined, hasCells: dCells !== undefined };
  const incoming = [dHidden, dCells].filter((gradient) => gradient !== undefined);
  // Threads read the weights along H, so the transposed copy (4H, H) is made once a pass.
  const inputs = [gates, cells, transpose(recurrent), ...incoming];
  const [dGates, carry] = gates.graph.apply(lstmGradientOperation, inputs, attributes);
  const [first] = stepRows(steps, reverse);
  const plusIncoming = (gradient: Tensor, states: Tensor | undefined) =>
    states === undefined ? gradient : add(gradient, rowOf(states, first.before));
  const weights = () => {
    const previous = reverse ? slice(hidden, 1, steps + 1) : slice(hidden, 0, steps);
    const rows = [reshape(previous, [steps * batch, units]), reshape(dGates, [steps * batch, width])];
    return matmul(rows[0], rows[1], { transposeA: true });
  };
  return [
    wanted[0] ? dGates : undefined,
    wanted[1] ? weights() : undefined,
    wanted[2] ? plusIncoming(matmul(rowOf(dGates, first.step), recurrent, { transposeB: true }), dHidden) : undefined,
    wanted[3] ? plusIncoming(carry, dCells) : undefined,
  ].slice(0, node.inputs.length);
}

/**
 * Inputs: gates, cells, transposed recurrent weights, then dHidden and dCells where present. Outputs: the gradients of the
 * gates before their activation, and of the initial cell as far as it comes through the first step.
 */
export const lstmGradientOperation: Operation<Required<LstmOptions> & IncomingGradients> = {
  name: 'lstmGradient',
  inPlace: overwritesFirst,
  outputs: ([gates, cells]) => [
    { shape: gates.shape, dtype: 'f32' },
    { shape: cells.shape.slice(1), dtype: 'f32' },
  ],
  kernels(node, { inPlace }) {
    const [gates, ...others] = node.inputs;
    const [dGates, carry] = node.outputs;
    const [steps, batch, width] = gates.shape;
    const step = backwardKernel({ steps, batch, units: width / 4 }, node.attributes, inPlace);
    const operands = [...(inPlace ? [] : [gates]), ...others, dGates, carry];
    const rows = stepRows(steps, node.attributes.reverse);
    const launches = rows.map(({ step: t, before, after }, index): Dispatch => {
      const later = rows[index + 1]?.step ?? steps;
      return { ...step, operands, uniforms: [t, before, after, later] };
    });
    return launches.reverse();
  },
  backward: onceDifferentiable,
};

/** Row t of (T, B, ..) as (B, ..). */
function rowOf(x: Tensor, t: number): Tensor {
  return reshape(slice(x, t, t + 1), x.shape.slice(1));
}

/** Puts the initial state, or zero, into its row of (T+1, B, H). */
function initialState(states: Tensor, initial: Tensor | undefined, row: number): Dispatch {
  const threads = elementCount(states.shape.slice(1));
  return linearDispatch({
    label: 'lstm initial state',
    bindings: [...(initial === undefined ? [] : [read('initial')]), write('states')],
    operands: initial === undefined ? [states] : [initial, states],
    threads,
    body: `  store_states(${row * threads}u + index, ${initial === undefined ? '0.0' : 'load_initial(index)'});`,
  });
}
