import { linearVariant, read, readMatrix, readWrite, rowVectors, type Variant } from '../../kernels/kernel.ts';
import { fromAbove, gateGradients } from '../lstm/kernels.ts';
import { type StepKernel, type StepProduct, stepKernel } from '../lstm/recurrent-step.ts';
import { type AttentionSizes, memoryFunctions, sumsByOutput } from './kernels.ts';

/** Which gradients flow into the states from outside. */
export interface IncomingStates {
  readonly hasHidden: boolean;
  readonly hasCells: boolean;
  readonly hasContexts: boolean;
}

/** Uniforms of every step's kernels here: see `stepRows`, and the row of the later step, T where there is none. */
const UNIFORMS = ['step', 'before', 'after', 'later'];

/** [dh dcontext] = dGates_later recurrent^T + [dout dkey] output^T: all that reads h_t and context_t but the query. */
export function stateKernel(sizes: AttentionSizes, { hasHidden, hasContexts }: IncomingStates): StepKernel {
  const { steps, batch, units, memory } = sizes;
  const { vector, width } = rowVectors(units);
  const entry = (row: string) => `(${memory}u + uniforms.step) * ${batch}u + ${row}`;
  const throughOutput = { x: 'd_entries', inner: units, matrix: 'output' };
  const into = { dh: 0, dcontext: 1 };
  const flags = [hasHidden && 'hidden', hasContexts && 'contexts'].filter((flag) => flag !== false);
  return stepKernel({
    problem: ['lstm attention backward states', `${batch}x${units}`, ...flags].join(' '),
    batch,
    units,
    steps,
    bindings: [
      readMatrix('d_gates', 4 * width, vector),
      readMatrix('recurrent', 2 * width, vector),
      readMatrix('d_entries', width, vector),
      readMatrix('output', 2 * width, vector),
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
        line: (row) => `uniforms.later * ${batch}u + ${row}`,
        inner: 4 * units,
        matrix: 'recurrent',
        into,
      },
      { ...throughOutput, line: entry, into },
      { ...throughOutput, line: (row) => `${(memory + steps) * batch}u + ${entry(row)}`, from: units, into },
    ],
    functions: `fn start(row: u32, unit: u32, sum: u32) -> Value {
  if (sum == 0u) { return ${fromAbove(sizes, 'd_hidden', hasHidden)}; }
  return ${fromAbove(sizes, 'd_contexts', hasContexts)};
}
fn finish(row: u32, unit: u32, dh: Value, dcontext: Value) {
  store_slopes(row * ${width}u + unit, dh);
  store_slopes(${batch * width}u + row * ${width}u + unit, dcontext);
}`,
  });
}

/** da_n = dcontext . out_n. */
export function weightKernel(sizes: AttentionSizes): Variant {
  const { batch, units, memory } = sizes;
  const { vector, width } = rowVectors(units);
  const bindings = [read('slopes', vector), readMatrix('entries', width, vector), readWrite('d_weights')];
  return sumsByOutput(
    { label: 'lstm attention backward weights', bindings, uniforms: UNIFORMS },
    sizes,
    `let slope = load_slopes(${batch * width}u + row * ${width}u + unit);`,
    'output_line',
    (output, sum) => `fma(slope, ${output}, ${sum})`,
    (n, sum) => `store_d_weights(row * ${memory}u + ${n}, ${sum});`,
  );
}

/**
 * With a the softmax of the scores s, ds_n = a_n (da_n - sum a da); then with th = tanh(key_n + q)
 *
 *     dout_n += a_n dcontext      dkey_n += ds_n v (1 - th^2)      dq = sum of those      dv += ds_n th
 *
 * A thread owns a group of units of one sequence, in all entries.
 */
export function memoryKernel(sizes: AttentionSizes): Variant {
  const { steps, batch, units, memory } = sizes;
  const { vector, width } = rowVectors(units);
  const bindings = [
    read('scores'),
    read('d_weights'),
    readMatrix('entries', width, vector),
    read('queries', vector),
    read('score', vector),
    readWrite('slopes', vector),
    { ...readWrite('d_entries', vector), columns: width },
    readWrite('d_queries', vector),
  ];
  return linearVariant({
    label: `lstm attention backward memory ${batch}x${memory}x${units}`,
    bindings,
    uniforms: UNIFORMS,
    threads: batch * width,
    functions: memoryFunctions(sizes),
    body: `  let row = index / ${width}u;
  let unit = index % ${width}u;
  let first = score_row(row);
  let log_total = load_scores(first + ${memory}u);
  var average = 0.0;
  for (var n = 0u; n < ${memory}u; n++) {
    average = fma(exp(load_scores(first + n) - log_total), load_d_weights(row * ${memory}u + n), average);
  }
  let place = uniforms.step * ${batch * width}u + index;
  let q = load_queries(place);
  let v = load_score(unit);
  let d_context = load_slopes(${batch * width}u + index);
  var dq = Value(0.0);
  var dv = Value(0.0);
  for (var n = 0u; n < ${memory}u; n++) {
    let weight = exp(load_scores(first + n) - log_total);
    let ds = weight * (load_d_weights(row * ${memory}u + n) - average);
    let key = key_line(n, row);
    let output = output_line(n, row);
    let th = squash(load_entries(key, unit) + q);
    let d_key = ds * v * (1.0 - th * th);
    store_d_entries(key, unit, load_d_entries(key, unit) + d_key);
    store_d_entries(output, unit, load_d_entries(output, unit) + weight * d_context);
    dq += d_key;
    dv = fma(Value(ds), th, dv);
  }
  store_d_queries(place, dq);
  let known = ${2 * batch * width}u + index;
  if (uniforms.later < ${steps}u) { dv += load_slopes(known); }
  store_slopes(known, dv);`,
  });
}

/** Adds to [dc dh] what comes through the query, then goes through the gates. */
export function cellKernel(sizes: AttentionSizes, hasCells: boolean, inPlace: boolean): StepKernel {
  const { steps, batch, units } = sizes;
  const { vector, width } = rowVectors(units);
  const product: StepProduct = {
    x: 'd_queries',
    line: (row) => `uniforms.step * ${batch}u + ${row}`,
    inner: units,
    matrix: 'query',
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
      readMatrix('query', 2 * width, vector),
      readMatrix('d_queries', width, vector),
      read('slopes', vector),
      ...(hasCells ? [read('d_cells', vector)] : []),
      { ...readWrite('d_gates', vector), columns: 4 * width },
      readWrite('carry', vector),
    ],
    uniforms: UNIFORMS,
    measured: [0, 0, 1, Math.min(1, steps - 1)],
    sums: ['dc', 'dh'],
    products: [product],
    functions: `${gateGradients(sizes, inPlace)}
fn start(row: u32, unit: u32, sum: u32) -> Value {
  if (sum == 1u) { return load_slopes(row * ${width}u + unit); }
  return ${fromAbove(sizes, 'd_cells', hasCells)};
}
fn finish(row: u32, unit: u32, dc: Value, dh: Value) { gate_gradients(row, unit, dh, dc); }`,
  });
}
