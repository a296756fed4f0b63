import { KernelError } from '../errors.ts';
import type { Node } from '../graph.ts';
import {
  type Dispatch,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readWrite,
  write,
} from '../kernel.ts';
import { type Operation, onceDifferentiable } from '../operation.ts';
import { elementCount, formatShape, requireShape, requireType, type Tensor } from '../tensor.ts';
import { add } from './binary.ts';
import { matmul } from './matmul.ts';
import { transpose } from './transpose.ts';
import { reshape, slice } from './view.ts';

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
  inPlace: { input: 0, output: 2 },
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
    const step = forwardKernel(batch, units, inPlace);
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
export const lstmGradientOperation: Operation<{ hasHidden: boolean; hasCells: boolean }> = {
  name: 'lstmGradient',
  inPlace: { input: 0, output: 0 },
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

/** Rows of the batch that one thread of a step computes: weights are loaded once for all of them. */
const FORWARD_ROWS = 4;
const BACKWARD_ROWS = 8;

type Step = Omit<Dispatch, 'operands' | 'uniforms'>;

/** A thread owns `rows` sequences and one group of units (four where H allows it), all four gates. */
function forwardKernel(batch: number, units: number, inPlace: boolean): Step {
  const vector = units % 4 === 0 ? 4 : 1;
  const type = vector === 4 ? 'vec4f' : 'f32';
  const width = units / vector;
  const rows = Math.min(FORWARD_ROWS, batch);
  const every = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const source = inPlace ? 'gates' : 'projected';
  const component = (k: number) => (vector === 4 ? `.${'xyzw'[k]}` : '');
  const code = `${gateFunctions(type)}
fn main(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x;
  let first = id.y * ${rows}u;
  if (unit >= ${width}u || first >= ${batch}u) { return; }
  let t = uniforms.step;
${every(
  rows,
  (r) => `  let row${r} = min(first + ${r}u, ${batch - 1}u);
  let previous${r} = (t * ${batch}u + row${r}) * ${width}u;
  let gate${r} = (t * ${batch}u + row${r}) * ${4 * width}u + unit;
  var i${r} = ${source}[gate${r}];
  var j${r} = ${source}[gate${r} + ${width}u];
  var f${r} = ${source}[gate${r} + ${2 * width}u];
  var o${r} = ${source}[gate${r} + ${3 * width}u];`,
)}
  for (var k = 0u; k < ${width}u; k++) {
${every(rows, (r) => `    let h${r} = hidden[previous${r} + k];`)}
${every(
  vector,
  (s) => `    let w${s} = (k * ${vector}u + ${s}u) * ${4 * width}u + unit;
    let wi${s} = recurrent[w${s}];
    let wj${s} = recurrent[w${s} + ${width}u];
    let wf${s} = recurrent[w${s} + ${2 * width}u];
    let wo${s} = recurrent[w${s} + ${3 * width}u];`,
)}
${every(rows, (r) =>
  ['i', 'j', 'f', 'o']
    .map((gate) =>
      every(vector, (s) => `    ${gate}${r} = fma(${type}(h${r}${component(s)}), w${gate}${s}, ${gate}${r});`),
    )
    .join('\n'),
)}
  }
${every(
  rows,
  (r) => `  if (first + ${r}u < ${batch}u) {
    let input = sigmoid(i${r});
    let candidate = squash(j${r});
    let forget = sigmoid(f${r});
    let out = sigmoid(o${r});
    let cell = forget * cells[previous${r} + unit] + input * candidate;
    gates[gate${r}] = input;
    gates[gate${r} + ${width}u] = candidate;
    gates[gate${r} + ${2 * width}u] = forget;
    gates[gate${r} + ${3 * width}u] = out;
    cells[previous${r} + ${batch * width}u + unit] = cell;
    hidden[previous${r} + ${batch * width}u + unit] = out * squash(cell);
  }`,
)}
}`;
  const states = [read('recurrent', vector), readWrite('hidden', vector), readWrite('cells', vector)];
  const bindings = inPlace
    ? [...states, readWrite('gates', vector)]
    : [read('projected', vector), ...states, write('gates', vector)];
  return stepOf('lstm step', bindings, code, width, Math.ceil(batch / rows));
}

/**
 * At step t: dh = dHidden_(t+1) + dGates_(t+1) W^T, then with tc = tanh(c_t)
 *
 *     do = dh tc o (1 - o)       dc = carry + dh o (1 - tc^2)       carry = dc f
 *     di = dc j i (1 - i)        dj = dc i (1 - j^2)                df = dc c_(t-1) f (1 - f)
 *
 * `carry` holds the cell's gradient between steps and ends as that of the initial cell.
 */
function backwardKernel(
  steps: number,
  batch: number,
  units: number,
  { hasHidden, hasCells }: { hasHidden: boolean; hasCells: boolean },
  inPlace: boolean,
): Step {
  const vector = units % 4 === 0 ? 4 : 1;
  const type = vector === 4 ? 'vec4f' : 'f32';
  const width = units / vector;
  const rows = Math.min(BACKWARD_ROWS, batch);
  const every = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const source = inPlace ? 'd_gates' : 'gates';
  const component = (k: number) => (vector === 4 ? `.${'xyzw'[k]}` : '');
  const stateSize = batch * width;
  const code = `${gateFunctions(type)}
fn main(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x;
  let first = id.y * ${rows}u;
  if (unit >= ${width}u || first >= ${batch}u) { return; }
  let t = uniforms.step;
${every(
  rows,
  (r) => `  let row${r} = min(first + ${r}u, ${batch - 1}u);
  let state${r} = (t * ${batch}u + row${r}) * ${width}u + unit;
  var dh${r} = ${hasHidden ? `d_hidden[state${r} + ${stateSize}u]` : `${type}(0.0)`};`,
)}
  if (t + 1u < ${steps}u) {
${every(rows, (r) => `    let later${r} = ((t + 1u) * ${batch}u + row${r}) * ${4 * width}u;`)}
    for (var k = 0u; k < ${4 * width}u; k++) {
${every(rows, (r) => `      let d${r} = d_gates[later${r} + k];`)}
${every(vector, (s) => `      let w${s} = transposed[(k * ${vector}u + ${s}u) * ${width}u + unit];`)}
${every(rows, (r) => every(vector, (s) => `      dh${r} = fma(${type}(d${r}${component(s)}), w${s}, dh${r});`))}
    }
  }
${every(
  rows,
  (r) => `  if (first + ${r}u < ${batch}u) {
    let gate = (t * ${batch}u + row${r}) * ${4 * width}u + unit;
    let i = ${source}[gate];
    let j = ${source}[gate + ${width}u];
    let f = ${source}[gate + ${2 * width}u];
    let o = ${source}[gate + ${3 * width}u];
    let tc = squash(cells[state${r} + ${stateSize}u]);
    var dc = dh${r} * o * (1.0 - tc * tc)${hasCells ? ` + d_cells[state${r} + ${stateSize}u]` : ''};
    let place = row${r} * ${width}u + unit;
    if (t + 1u < ${steps}u) { dc += carry[place]; }
    d_gates[gate] = dc * j * i * (1.0 - i);
    d_gates[gate + ${width}u] = dc * i * (1.0 - j * j);
    d_gates[gate + ${2 * width}u] = dc * cells[state${r}] * f * (1.0 - f);
    d_gates[gate + ${3 * width}u] = dh${r} * tc * o * (1.0 - o);
    carry[place] = dc * f;
  }`,
)}
}`;
  const bindings = [
    ...(inPlace ? [] : [read('gates', vector)]),
    read('cells', vector),
    read('transposed', vector),
    ...(hasHidden ? [read('d_hidden', vector)] : []),
    ...(hasCells ? [read('d_cells', vector)] : []),
    readWrite('d_gates', vector),
    readWrite('carry', vector),
  ];
  return stepOf('lstm backward step', bindings, code, width, Math.ceil(batch / rows));
}

function gateFunctions(type: string): string {
  // The clamps keep exp and tanh where WGSL defines them; see unary.ts.
  return `fn sigmoid(x: ${type}) -> ${type} { return 1.0 / (1.0 + exp(-max(x, ${type}(-80.0)))); }
fn squash(x: ${type}) -> ${type} { return tanh(clamp(x, ${type}(-15.0), ${type}(15.0))); }`;
}

function stepOf(label: string, bindings: Step['kernel']['bindings'], code: string, across: number, down: number): Step {
  const threads = Math.min(LINEAR_WORKGROUP, across);
  return {
    kernel: { label, bindings, uniforms: ['step'], workgroupSize: [threads, 1, 1], code },
    workgroups: [Math.ceil(across / threads), down, 1],
  };
}
