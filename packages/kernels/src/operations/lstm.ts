import { KernelError } from '../errors.ts';
import type { Node } from '../graph.ts';
import { type Dispatch, LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, write } from '../kernel.ts';
import { type Operation, onceDifferentiable, overwritesFirst } from '../operation.ts';
import { elementCount, formatShape, requireShape, requireType, type Tensor } from '../tensor.ts';
import { add } from './binary.ts';
import { backwardKernel, forwardKernel, type IncomingGradients } from './lstm-kernels.ts';
import { matmul } from './matmul.ts';
import { transpose } from './permute.ts';
import { slice } from './slice.ts';
import { reshape } from './view.ts';

/** State of one layer: both (B, H). */
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
 * @param initial state before the first step; zero if left out
 * @returns the outputs h of all steps (T, B, H) and the state after the last
 */
export function lstm(projected: Tensor, recurrent: Tensor, initial?: LstmState): { output: Tensor; final: LstmState } {
  const inputs = initial ? [projected, recurrent, initial.hidden, initial.cell] : [projected, recurrent];
  const [hidden, cells] = projected.graph.apply(lstmOperation, inputs, {});
  const [steps, batch, units] = [projected.shape[0], projected.shape[1], recurrent.shape[0]];
  const last = (x: Tensor) => reshape(slice(x, steps, steps + 1), [batch, units]);
  return { output: slice(hidden, 1, steps + 1), final: { hidden: last(hidden), cell: last(cells) } };
}

/**
 * Outputs: hidden states (T+1, B, H) and cells (T+1, B, H), whose row 0 is the initial state, and the activated gates
 * (T, B, 4H), which take over the projection's memory. One kernel a step fuses the recurrent product with the gates.
 */
export const lstmOperation: Operation<object> = {
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
    for (const state of initial) {
      const stateFits = formatShape(state.shape) === formatShape([batch, units]);
      requireShape(stateFits, 'lstm', `initial states must be ${formatShape([batch, units])}`, state);
    }
    const states = { shape: [steps + 1, batch, units], dtype: 'f32' } as const;
    return [states, states, { shape: projected.shape, dtype: 'f32' }];
  },
  kernels(node, { inPlace }) {
    const [projected, recurrent, initialHidden, initialCell] = node.inputs;
    const [hidden, cells, gates] = node.outputs;
    const [steps, batch, units] = [projected.shape[0], projected.shape[1], recurrent.shape[0]];
    const step = forwardKernel(steps, batch, units, inPlace);
    const operands = inPlace ? [recurrent, hidden, cells, gates] : [projected, recurrent, hidden, cells, gates];
    return [
      firstRow(hidden, initialHidden),
      firstRow(cells, initialCell),
      ...Array.from({ length: steps }, (_, t): Dispatch => ({ ...step, operands, uniforms: [t] })),
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
  node: Node<object>,
  dHidden: Tensor | undefined,
  dCells: Tensor | undefined,
  wanted: readonly boolean[],
): (Tensor | undefined)[] {
  const [, recurrent] = node.inputs;
  const [hidden, cells, gates] = node.outputs;
  const [steps, batch, width] = gates.shape;
  const units = width / 4;
  // Threads read the weights along H, so the transposed copy (4H, H) is made once a pass.
  const transposed = transpose(recurrent);
  const attributes = { hasHidden: dHidden !== undefined, hasCells: dCells !== undefined };
  const incoming = [dHidden, dCells].filter((gradient) => gradient !== undefined);
  const [dGates, dInitialCell] = gates.graph.apply(
    lstmGradientOperation,
    [gates, cells, transposed, ...incoming],
    attributes,
  );
  const flatGates = reshape(dGates, [steps * batch, width]);
  const previous = reshape(slice(hidden, 0, steps), [steps * batch, units]);
  const dInitialHidden = () => {
    const throughGates = matmul(reshape(slice(dGates, 0, 1), [batch, width]), recurrent, { transposeB: true });
    return dHidden === undefined ? throughGates : add(throughGates, reshape(slice(dHidden, 0, 1), [batch, units]));
  };
  return [
    wanted[0] ? dGates : undefined,
    wanted[1] ? matmul(previous, flatGates, { transposeA: true }) : undefined,
    wanted[2] ? dInitialHidden() : undefined,
    wanted[3] ? dInitialCell : undefined,
  ].slice(0, node.inputs.length);
}

/** Inputs: gates, cells, transposed recurrent weights, then dHidden and dCells where present. */
export const lstmGradientOperation: Operation<IncomingGradients> = {
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
    const step = backwardKernel(steps, batch, width / 4, node.attributes, inPlace);
    const operands = [...(inPlace ? [] : [gates]), ...others, dGates, carry];
    return Array.from({ length: steps }, (_, back): Dispatch => ({ ...step, operands, uniforms: [steps - 1 - back] }));
  },
  backward: onceDifferentiable,
};

/** Row 0 of (T+1, B, H): the initial state, or zero. */
function firstRow(states: Tensor, initial: Tensor | undefined): Dispatch {
  const threads = elementCount(states.shape.slice(1));
  return {
    kernel: {
      label: 'lstm initial state',
      bindings: [...(initial === undefined ? [] : [read('initial')]), write('states')],
      uniforms: [],
      workgroupSize: [LINEAR_WORKGROUP, 1, 1],
      code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  states[index] = ${initial === undefined ? '0.0' : 'initial[index]'};
}`,
    },
    operands: initial === undefined ? [states] : [initial, states],
    uniforms: [],
    workgroups: linearGrid(threads, LINEAR_WORKGROUP),
  };
}
