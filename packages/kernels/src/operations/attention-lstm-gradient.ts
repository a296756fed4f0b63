import type { Node } from '../graph.ts';
import { type Dispatch, read, readWrite } from '../kernel.ts';
import { type Operation, onceDifferentiable, overwritesFirst } from '../operation.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import {
  type AttentionSizes,
  elementKernel,
  everyScored,
  memoryFunctions,
  SCORED,
  type StepLaunch,
} from './attention-lstm-kernels.ts';
import { add } from './binary.ts';
import { concat } from './concat.ts';
import { gateGradients, stepRows } from './lstm-kernels.ts';
import { matmul } from './matmul.ts';
import { transpose } from './permute.ts';
import { groupOf, type StepKernel, type StepProduct, stepKernel } from './recurrent-step.ts';
import { slice } from './slice.ts';
import { broadcast, sum } from './sum.ts';
import { reshape } from './view.ts';

/** Which gradients flow into the states from outside. */
interface IncomingStates {
  readonly hasHidden: boolean;
  readonly hasCells: boolean;
  readonly hasContexts: boolean;
}

/** As for a plain LSTM, a few kernels a step walk back through time; the weights' gradients are then matmuls over all steps. */
export function attentionLstmBackward(
  node: Node<object>,
  [dHidden, dCells, dContexts, dEntries, ...others]: readonly (Tensor | undefined)[],
  wanted: readonly boolean[],
): (Tensor | undefined)[] {
  if (others.some((gradient) => gradient !== undefined)) onceDifferentiable(node as Node<never>);
  const [, recurrent, query, , score, output] = node.inputs;
  const [hidden, cells, contexts, entries, gates, queries, scores] = node.outputs;
  const [steps, batch, width] = gates.shape;
  const units = width / 4;
  const memory = entries.shape[1] - steps;
  const { graph } = gates;
  const fromAbove = dEntries ?? broadcast(graph.constant(new Float32Array(1), []), entries.shape);
  const incoming = [dHidden, dCells, dContexts].filter((gradient) => gradient !== undefined);
  const [dGates, dAll, dQueries, slopes, carry] = graph.apply(
    attentionLstmGradientOperation,
    [
      gates,
      fromAbove,
      cells,
      entries,
      queries,
      scores,
      score,
      // Threads read the weights along H, so transposed copies are made once a pass.
      ...[recurrent, query, output].map((weights) => transpose(weights)),
      ...incoming,
    ],
    { hasHidden: dHidden !== undefined, hasCells: dCells !== undefined, hasContexts: dContexts !== undefined },
  );
  const flat = (x: Tensor) => reshape(x, [elementCount(x.shape.slice(0, -1)), x.shape[x.shape.length - 1]]);
  const before = (states: Tensor) => flat(slice(states, 0, steps));
  const after = (states: Tensor) => flat(slice(states, 1, steps + 1));
  /** Gradient of weights whose rows are multiplied with these states, one after the other. */
  const outer = (states: readonly Tensor[], gradient: Tensor) =>
    concat(states.map((x) => matmul(x, flat(gradient), { transposeA: true })));
  const part = (which: number) => reshape(slice(dAll, which, which + 1), [memory + steps, batch, units]);
  // Of the entries that were made here: gradients of output and key side by side.
  const made = () =>
    concat(
      [0, 1].map((which) => slice(part(which), memory, memory + steps)),
      2,
    );
  const row = (x: Tensor, index: number) => reshape(slice(x, index, index + 1), x.shape.slice(1));
  const throughGates = () => matmul(row(dGates, 0), recurrent, { transposeB: true });
  const plus = (gradient: Tensor, states: Tensor | undefined) =>
    states === undefined ? gradient : add(gradient, row(states, 0));
  const inputs: (() => Tensor)[] = [
    () => dGates,
    () => outer([before(hidden), before(contexts)], dGates),
    () => outer([after(cells), after(hidden)], dQueries),
    () => sum(dQueries, [0, 1]),
    () => sum(row(slopes, 2), [0]),
    () => outer([after(hidden), after(contexts)], made()),
    () => sum(made(), [0, 1]),
    () => plus(slice(throughGates(), 0, units, 1), dHidden),
    () => plus(carry, dCells),
    () => plus(slice(throughGates(), units, 2 * units, 1), dContexts),
    () => slice(part(0), 0, memory),
    () => slice(part(1), 0, memory),
  ];
  return inputs.map((gradient, index) => (wanted[index] ? gradient() : undefined));
}

/**
 * Inputs: gates, gradient of the entries, cells, entries, queries, scores, v, transposed recurrent, query and output
 * weights, then dHidden, dCells and dContexts where present. Outputs: gradients of the gates before their activation, of the
 * entries (2, N+T, B, H), of the queries; dh, dcontext and what dv sums up over the batch (3, B, H); and of the initial cell.
 */
export const attentionLstmGradientOperation: Operation<IncomingStates> = {
  name: 'attentionLstmGradient',
  inPlace: overwritesFirst,
  outputs: ([gates, entries, cells, , queries]) =>
    [gates.shape, entries.shape, queries.shape, [3, ...cells.shape.slice(1)], cells.shape.slice(1)].map((shape) => ({
      shape,
      dtype: 'f32',
    })),
  kernels(node, { inPlace, scratch }) {
    const [gates, fromAbove, cells, entries, queries, scores, score, recurrent, query, output, ...incoming] =
      node.inputs;
    const [dGates, dEntries, dQueries, slopes, carry] = node.outputs;
    const [steps, batch, units] = queries.shape;
    const sizes = { steps, batch, units, memory: entries.shape[1] - steps };
    const { hasHidden, hasCells } = node.attributes;
    const dHidden = incoming.slice(0, +hasHidden);
    const dCells = incoming.slice(+hasHidden, +hasHidden + +hasCells);
    const dContexts = incoming.slice(+hasHidden + +hasCells);
    const dWeights = scratch([batch, sizes.memory]);
    const launches: Omit<Dispatch, 'uniforms'>[] = [
      {
        ...stateKernel(sizes, node.attributes),
        operands: [dGates, recurrent, dEntries, output, slopes, ...dHidden, ...dContexts],
      },
      { ...weightKernel(sizes), operands: [slopes, entries, dWeights] },
      {
        ...memoryKernel(sizes),
        operands: [scores, dWeights, entries, queries, score, slopes, dEntries, dQueries],
      },
      {
        ...cellKernel(sizes, hasCells, inPlace),
        operands: [...(inPlace ? [] : [gates]), cells, query, dQueries, slopes, ...dCells, dGates, carry],
      },
    ];
    const rows = stepRows(steps, false).reverse();
    return [
      { ...startKernel(elementCount(entries.shape)), operands: [fromAbove, dEntries], uniforms: [] },
      ...rows.flatMap(({ step, before, after }) =>
        launches.map((launch): Dispatch => ({ ...launch, uniforms: [step, before, after, step + 1] })),
      ),
    ];
  },
  backward: onceDifferentiable,
};

const UNIFORMS = ['step', 'before', 'after', 'later'];

/** Gradients of the entries start with what comes from above. */
function startKernel(elements: number): StepLaunch {
  const bindings = [read('from_above'), readWrite('d_entries')];
  return elementKernel(
    'lstm entry gradients',
    bindings,
    [],
    elements,
    (main) => `${main}
  d_entries[index] = from_above[index];
}`,
  );
}

/** [dh dcontext] = dGates_later recurrent^T + [dout dkey] output^T: all that reads h_t and context_t but the query. */
function stateKernel(sizes: AttentionSizes, { hasHidden, hasContexts }: IncomingStates): StepKernel {
  const { steps, batch, units, memory } = sizes;
  const vector = groupOf(units);
  const width = units / vector;
  const entry = (row: string) => `((${memory}u + uniforms.step) * ${batch}u + ${row}) * ${width}u`;
  const throughOutput = { x: 'd_entries', inner: units, matrix: 'output', columns: 2 * units };
  const into = { dh: 0, dcontext: 1 };
  const incoming = (has: boolean, name: string) =>
    has ? `${name}[(uniforms.after * ${batch}u + row) * ${width}u + unit]` : 'Value(0.0)';
  const flags = [hasHidden && 'hidden', hasContexts && 'contexts'].filter((flag) => flag !== false);
  return stepKernel({
    problem: ['lstm attention backward states', `${batch}x${units}`, ...flags].join(' '),
    batch,
    units,
    steps,
    bindings: [
      read('d_gates', vector),
      read('recurrent', vector),
      read('d_entries', vector),
      read('output', vector),
      readWrite('slopes', vector),
      ...(hasHidden ? [read('d_hidden', vector)] : []),
      ...(hasContexts ? [read('d_contexts', vector)] : []),
    ],
    uniforms: UNIFORMS,
    measured: [0, 0, 1, Math.min(1, steps - 1)],
    sums: ['dh', 'dcontext'],
    products: [
      {
        when: `uniforms.later < ${steps}u`,
        x: 'd_gates',
        start: (row) => `(uniforms.later * ${batch}u + ${row}) * ${4 * width}u`,
        inner: 4 * units,
        matrix: 'recurrent',
        columns: 2 * units,
        into,
      },
      { ...throughOutput, start: entry, into },
      { ...throughOutput, start: (row) => `${(memory + steps) * batch * width}u + ${entry(row)}`, from: units, into },
    ],
    functions: `fn start(row: u32, unit: u32, sum: u32) -> Value {
  if (sum == 0u) { return ${incoming(hasHidden, 'd_hidden')}; }
  return ${incoming(hasContexts, 'd_contexts')};
}
fn finish(row: u32, unit: u32, dh: Value, dcontext: Value) {
  slopes[row * ${width}u + unit] = dh;
  slopes[${batch * width}u + row * ${width}u + unit] = dcontext;
}`,
  });
}

/** da_n = dcontext . out_n, a thread for some outputs of one sequence. */
function weightKernel(sizes: AttentionSizes): StepLaunch {
  const { batch, units, memory } = sizes;
  const vector = groupOf(units);
  const width = units / vector;
  const across = Math.ceil(memory / SCORED);
  const bindings = [read('slopes', vector), read('entries', vector), readWrite('d_weights')];
  const label = `lstm attention backward weights ${batch}x${memory}x${units}`;
  return elementKernel(
    label,
    bindings,
    UNIFORMS,
    batch * across,
    (main) => `${memoryFunctions(sizes)}
${main}
  let row = index / ${across}u;
  let first = index % ${across}u * ${SCORED}u;
${everyScored((n) => `  let out${n} = output_row(min(first + ${n}u, ${memory - 1}u), row);\n  var sum${n} = Value(0.0);`)}
  for (var unit = 0u; unit < ${width}u; unit++) {
    let slope = slopes[${batch * width}u + row * ${width}u + unit];
${everyScored((n) => `    sum${n} = fma(slope, entries[out${n} + unit], sum${n});`)}
  }
${everyScored((n) => `  if (first + ${n}u < ${memory}u) { d_weights[row * ${memory}u + first + ${n}u] = group_sum(sum${n}); }`)}
}`,
  );
}

/**
 * With a the softmax of the scores s, ds_n = a_n (da_n - sum a da); then with th = tanh(key_n + q)
 *
 *     dout_n += a_n dcontext      dkey_n += ds_n v (1 - th^2)      dq = sum of those      dv += ds_n th
 *
 * A thread owns a group of units of one sequence, in all entries.
 */
function memoryKernel(sizes: AttentionSizes): StepLaunch {
  const { steps, batch, units, memory } = sizes;
  const vector = groupOf(units);
  const width = units / vector;
  const bindings = [
    read('scores'),
    read('d_weights'),
    read('entries', vector),
    read('queries', vector),
    read('score', vector),
    readWrite('slopes', vector),
    readWrite('d_entries', vector),
    readWrite('d_queries', vector),
  ];
  const label = `lstm attention backward memory ${batch}x${memory}x${units}`;
  return elementKernel(
    label,
    bindings,
    UNIFORMS,
    batch * width,
    (main) => `${memoryFunctions(sizes)}
${main}
  let row = index / ${width}u;
  let unit = index % ${width}u;
  let first = score_row(row);
  let log_total = scores[first + ${memory}u];
  var average = 0.0;
  for (var n = 0u; n < ${memory}u; n++) {
    average = fma(exp(scores[first + n] - log_total), d_weights[row * ${memory}u + n], average);
  }
  let place = uniforms.step * ${batch * width}u + index;
  let q = queries[place];
  let v = score[unit];
  let d_context = slopes[${batch * width}u + index];
  var dq = Value(0.0);
  var dv = Value(0.0);
  for (var n = 0u; n < ${memory}u; n++) {
    let weight = exp(scores[first + n] - log_total);
    let ds = weight * (d_weights[row * ${memory}u + n] - average);
    let key = key_row(n, row) + unit;
    let th = squash(entries[key] + q);
    let d_key = ds * v * (1.0 - th * th);
    d_entries[key] += d_key;
    d_entries[output_row(n, row) + unit] += weight * d_context;
    dq += d_key;
    dv = fma(Value(ds), th, dv);
  }
  d_queries[place] = dq;
  let known = ${2 * batch * width}u + index;
  if (uniforms.later < ${steps}u) { dv += slopes[known]; }
  slopes[known] = dv;
}`,
  );
}

/** Adds to [dc dh] what comes through the query, then goes through the gates. */
function cellKernel(sizes: AttentionSizes, hasCells: boolean, inPlace: boolean): StepKernel {
  const { steps, batch, units } = sizes;
  const vector = groupOf(units);
  const width = units / vector;
  const product: StepProduct = {
    x: 'd_queries',
    start: (row) => `(uniforms.step * ${batch}u + ${row}) * ${width}u`,
    inner: units,
    matrix: 'query',
    columns: 2 * units,
    into: { dc: 0, dh: 1 },
  };
  const flags = [hasCells && 'cells', inPlace && 'in place'].filter((flag) => flag !== false);
  return stepKernel({
    problem: ['lstm attention backward cells', `${batch}x${units}`, ...flags].join(' '),
    batch,
    units,
    steps,
    bindings: [
      ...(inPlace ? [] : [read('gates', vector)]),
      read('cells', vector),
      read('query', vector),
      read('d_queries', vector),
      read('slopes', vector),
      ...(hasCells ? [read('d_cells', vector)] : []),
      readWrite('d_gates', vector),
      readWrite('carry', vector),
    ],
    uniforms: UNIFORMS,
    measured: [0, 0, 1, Math.min(1, steps - 1)],
    sums: ['dc', 'dh'],
    products: [product],
    functions: `${gateGradients(sizes, inPlace)}
fn start(row: u32, unit: u32, sum: u32) -> Value {
  if (sum == 1u) { return slopes[row * ${width}u + unit]; }
  return ${hasCells ? `d_cells[(uniforms.after * ${batch}u + row) * ${width}u + unit]` : 'Value(0.0)'};
}
fn finish(row: u32, unit: u32, dc: Value, dh: Value) { gate_gradients(row, unit, dh, dc); }`,
  });
}
