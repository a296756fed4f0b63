import { KernelError } from '../../errors.ts';
import { linearDispatch } from '../../kernels/dispatch.ts';
import type { ImageLayout } from '../../kernels/image.ts';
import { read, rowVectors, write, writeMatrix } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { onceDifferentiable, overwritesFirst } from '../../trace/operation.ts';
import { formatShape, sameShape } from '../../trace/shape.ts';
import type { Dispatch, KernelContext, Node, Operation, Tensor } from '../../trace/trace.ts';
import { add } from '../binary.ts';
import { matmul } from '../matmul/matmul.ts';
import { permuteDispatch } from '../permute.ts';
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
 * Outputs: hidden states (T+1, B, H) and cells (T+1, B, H), in which the initial state has row 0 (row T in reverse),
 * and the activated gates (T, B, 4H), which take over the projection's memory. One kernel a step fuses the recurrent
 * product with the gates.
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
  kernels(node, { inPlace, image, scratchImage }) {
    const [projected, recurrent, initialHidden, initialCell] = node.inputs;
    const [hidden, cells, gates] = node.outputs;
    const [steps, batch, units] = [projected.shape[0], projected.shape[1], recurrent.shape[0]];
    const weights = units % 4 === 0 ? image(recurrent, { lines: units, row: 4 * units }) : undefined;
    const states = weights && imagesInTurn(scratchImage, { lines: 2 * batch, columns: units / 4 });
    const step = forwardKernel({ steps, batch, units }, { inPlace, images: states !== undefined });
    const rows = stepRows(steps, node.attributes.reverse);
    return [
      initialState(hidden, initialHidden, rows[0].before, states && { image: states[0], line: 0 }),
      initialState(cells, initialCell, rows[0].before, states && { image: states[0], line: batch }),
      ...rows.map(({ step: t, before, after }, index): Dispatch => {
        const turns = states === undefined ? [] : [states[index % 2], states[(index + 1) % 2]];
        const operands = [...(inPlace ? [] : [projected]), weights ?? recurrent, ...turns, hidden, cells, gates];
        return { ...step, operands, uniforms: [t, before, after] };
      }),
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
  const inputs = [gates, cells, recurrent, ...incoming];
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
 * Inputs: gates, cells, recurrent weights, then dHidden and dCells where present. Outputs: the gradients of the
 * gates before their activation, and of the initial cell as far as it comes through the first step.
 */
export const lstmGradientOperation: Operation<Required<LstmOptions> & IncomingGradients> = {
  name: 'lstmGradient',
  inPlace: overwritesFirst,
  outputs: ([gates, cells]) => [
    { shape: gates.shape, dtype: 'f32' },
    { shape: cells.shape.slice(1), dtype: 'f32' },
  ],
  kernels(node, { inPlace, scratch, image, scratchImage }) {
    const [gates, cells, recurrent, ...incoming] = node.inputs;
    const [dGates, carry] = node.outputs;
    const [steps, batch, width] = gates.shape;
    const units = width / 4;
    const weights = units % 4 === 0 ? image(recurrent, { lines: units, row: width }) : undefined;
    const turns = weights && imagesInTurn(scratchImage, { lines: batch, columns: units });
    const transposed = weights === undefined ? scratch([width, units]) : undefined;
    const step = backwardKernel({ steps, batch, units }, node.attributes, inPlace, turns !== undefined);
    const rows = stepRows(steps, node.attributes.reverse);
    const launches = rows.map(({ step: t, before, after }, index): Dispatch => {
      const later = rows[index + 1]?.step ?? steps;
      const images = turns === undefined ? [] : [turns[index % 2], turns[(index + 1) % 2]];
      const matrices = [weights ?? transposed, ...images].filter((matrix) => matrix !== undefined);
      const operands = [...(inPlace ? [] : [gates]), cells, ...matrices, ...incoming, dGates, carry];
      return { ...step, operands, uniforms: [t, before, after, later] };
    });
    // Threads read the weights along H, so a transposed copy is made once a pass.
    if (transposed !== undefined) launches.push(permuteDispatch(recurrent, transposed, [1, 0]));
    return launches.reverse();
  },
  backward: onceDifferentiable,
};

/** Row t of (T, B, ..) as (B, ..). */
function rowOf(x: Tensor, t: number): Tensor {
  return reshape(slice(x, t, t + 1), x.shape.slice(1));
}

/** Two textures: each step reads what the one before left in one, and writes to the other. */
export function imagesInTurn(
  scratchImage: KernelContext['scratchImage'],
  layout: ImageLayout,
): readonly [Tensor, Tensor] | undefined {
  const [first, second] = [scratchImage(layout), scratchImage(layout)];
  return first && second && [first, second];
}

/** Puts the initial state (B, H), or zero, into its row of (T+1, B, H), and into a texture from a line on. */
export function initialState(
  states: Tensor,
  initial: Tensor | undefined,
  row: number,
  texture?: { readonly image: Tensor; readonly line: number } | undefined,
): Dispatch {
  const [, batch, units] = states.shape;
  const { vector, type, width } = rowVectors(units);
  const threads = batch * width;
  const stores = [
    `store_states(${row * threads}u + index, value);`,
    ...(texture ? [`store_image(${texture.line}u + index / ${width}u, index % ${width}u, value);`] : []),
  ];
  return linearDispatch({
    label: 'lstm initial state',
    bindings: [
      ...(initial === undefined ? [] : [read('initial', vector)]),
      write('states', vector),
      ...(texture === undefined ? [] : [writeMatrix('image', width)]),
    ],
    operands: [initial, states, texture?.image].filter((tensor) => tensor !== undefined),
    threads,
    body: `  let value = ${initial === undefined ? `${type}(0.0)` : 'load_initial(index)'};\n  ${stores.join('\n  ')}`,
  });
}
