import {
  every,
  type LinearKernel,
  linearVariant,
  read,
  readMatrix,
  readWrite,
  rowVectors,
  type Variant,
  write,
  writeMatrix,
} from '../../kernels/kernel.ts';
import { type LstmSizes, stateAt } from '../lstm/kernels.ts';
import { GATE_FUNCTIONS, type StepKernel, type StepProduct, stepKernel } from '../lstm/recurrent-step.ts';

/** Sizes of a sequence with attention: T, B, H, and N as `memory`. */
export interface AttentionSizes extends LstmSizes {
  readonly memory: number;
}

/** Uniforms of every kernel here; see `stepRows`. */
const UNIFORMS = ['step', 'before', 'after'];

/** WGSL shared by kernels over the memory: a group of units, where rows are, and the clamped tanh. */
export function memoryFunctions({ steps, batch, units, memory }: AttentionSizes): string {
  const { vector, type } = rowVectors(units);
  return `alias Value = ${type};
fn group_sum(v: Value) -> f32 { return ${vector === 4 ? '(v.x + v.y) + (v.z + v.w)' : 'v'}; }
// Lines of outputs, and of keys behind them; step t reads rows t to t + N - 1 and writes row t + N.
fn output_line(n: u32, row: u32) -> u32 { return (uniforms.step + n) * ${batch}u + row; }
fn key_line(n: u32, row: u32) -> u32 { return ${(memory + steps) * batch}u + output_line(n, row); }
// Scores of a sequence at a step, and behind them the logarithm of the sum of their exponentials.
fn score_row(row: u32) -> u32 { return (uniforms.step * ${batch}u + row) * ${memory + 1}u; }
${GATE_FUNCTIONS}`;
}

/** A state after the step, times the rows of a matrix. */
function stateProduct(
  sizes: LstmSizes,
  images: boolean,
  name: 'cells' | 'hidden' | 'contexts',
  product: Omit<StepProduct, 'x' | 'line' | 'inner'>,
): StepProduct {
  return { ...stateAt(sizes, images, name, 'after'), inner: sizes.units, ...product };
}

/** q_t = [c_t ; h_t] query + bias. */
export function queryKernel(sizes: AttentionSizes, images: boolean): StepKernel {
  const { steps, batch, units } = sizes;
  const { vector, width } = rowVectors(units);
  const matrix = { matrix: 'query', into: { q: 0 } };
  return stepKernel({
    problem: `lstm query ${batch}x${units}`,
    batch,
    units,
    steps,
    bindings: [
      ...(images ? ['state'] : ['cells', 'hidden']).map((name) => readMatrix(name, width, vector)),
      readMatrix('query', width, vector),
      read('bias', vector),
      write('queries', vector),
    ],
    uniforms: UNIFORMS,
    measured: [0, 0, 1],
    sums: ['q'],
    products: [
      stateProduct(sizes, images, 'cells', matrix),
      stateProduct(sizes, images, 'hidden', { ...matrix, from: units }),
    ],
    functions: `fn start(row: u32, unit: u32, sum: u32) -> Value { return load_bias(unit); }
fn finish(row: u32, unit: u32, q: Value) { store_queries((uniforms.step * ${batch}u + row) * ${width}u + unit, q); }`,
  });
}

/** Outputs for which one thread sums up: what they have in common is loaded once. */
const OUTPUTS = 4;

/**
 * A sum over the units for each sequence and each of the last N outputs.
 *
 * @param common WGSL that loads what all outputs need of a group, `unit`, of the sequence `row`
 * @param entryLine WGSL function for the line of an output, or of its key, in the entries
 * @param term WGSL of a sum and the next term, given a group of the entry
 * @param store WGSL that stores the sum of output n
 */
export function sumsByOutput(
  { label, bindings, uniforms }: Required<Pick<LinearKernel, 'label' | 'bindings' | 'uniforms'>>,
  sizes: AttentionSizes,
  common: string,
  entryLine: 'output_line' | 'key_line',
  term: (entry: string, sum: string) => string,
  store: (n: string, sum: string) => string,
): Variant {
  const { batch, units, memory } = sizes;
  const { width } = rowVectors(units);
  const across = Math.ceil(memory / OUTPUTS);
  return linearVariant({
    label: `${label} ${batch}x${memory}x${units}`,
    bindings,
    uniforms,
    threads: batch * across,
    functions: memoryFunctions(sizes),
    body: `  let row = index / ${across}u;
  let first = index % ${across}u * ${OUTPUTS}u;
${every(OUTPUTS, (n) => `  let entry${n} = ${entryLine}(min(first + ${n}u, ${memory - 1}u), row);\n  var sum${n} = Value(0.0);`)}
  for (var unit = 0u; unit < ${width}u; unit++) {
    ${common}
${every(OUTPUTS, (n) => `    sum${n} = ${term(`load_entries(entry${n}, unit)`, `sum${n}`)};`)}
  }
${every(OUTPUTS, (n) => `  if (first + ${n}u < ${memory}u) { ${store(`first + ${n}u`, `group_sum(sum${n})`)} }`)}`,
  });
}

/** s_n = score . tanh(key_n + q_t). */
export function scoreKernel(sizes: AttentionSizes): Variant {
  const { batch, units } = sizes;
  const { vector, width } = rowVectors(units);
  const bindings = [
    readMatrix('entries', width, vector),
    read('queries', vector),
    read('score', vector),
    readWrite('scores'),
  ];
  return sumsByOutput(
    { label: 'lstm attention scores', bindings, uniforms: UNIFORMS },
    sizes,
    `let q = load_queries((uniforms.step * ${batch}u + row) * ${width}u + unit);
    let v = load_score(unit);`,
    'key_line',
    (key, sum) => `fma(v, squash(${key} + q), ${sum})`,
    (n, sum) => `store_scores(score_row(row) + ${n}, ${sum});`,
  );
}

/** context_t = sum over n of softmax(s)_n output_n, a thread for a group of units of one sequence. */
export function contextKernel(sizes: AttentionSizes, images: boolean): Variant {
  const { batch, units, memory } = sizes;
  const { vector, width } = rowVectors(units);
  return linearVariant({
    label: `lstm attention context ${batch}x${memory}x${units}`,
    bindings: [
      readMatrix('entries', width, vector),
      readWrite('scores'),
      readWrite('contexts', vector),
      ...(images ? [writeMatrix('context', width)] : []),
    ],
    uniforms: UNIFORMS,
    threads: batch * width,
    functions: memoryFunctions(sizes),
    body: `  let row = index / ${width}u;
  let unit = index % ${width}u;
  let first = score_row(row);
  var highest = load_scores(first);
  for (var n = 1u; n < ${memory}u; n++) { highest = max(highest, load_scores(first + n)); }
  var total = 0.0;
  var context = Value(0.0);
  for (var n = 0u; n < ${memory}u; n++) {
    let weight = exp(load_scores(first + n) - highest);
    total += weight;
    context = fma(Value(weight), load_entries(output_line(n, row), unit), context);
  }
  store_contexts(uniforms.after * ${batch * width}u + index, context / total);${images ? '\n  store_context(row, unit, context / total);' : ''}
  if (unit == 0u) { store_scores(first + ${memory}u, highest + log(total)); }`,
  });
}

/** [out_t key_t] = [h_t ; context_t] output + bias, which becomes the newest entry of the memory. */
export function outputKernel(sizes: AttentionSizes, images: boolean): StepKernel {
  const { steps, batch, units, memory } = sizes;
  const { vector, width } = rowVectors(units);
  const matrix = { matrix: 'output', into: { out: 0, key: 1 } };
  return stepKernel({
    problem: `lstm attention output ${batch}x${units}`,
    batch,
    units,
    steps,
    bindings: [
      ...(images ? ['state', 'context'] : ['hidden', 'contexts']).map((name) => readMatrix(name, width, vector)),
      readMatrix('output', 2 * width, vector),
      read('bias', vector),
      readWrite('entries', vector),
      ...(images ? [writeMatrix('entry_image', width)] : []),
    ],
    uniforms: UNIFORMS,
    measured: [0, 0, 1],
    sums: ['out', 'key'],
    products: [
      stateProduct(sizes, images, 'hidden', matrix),
      stateProduct(sizes, images, 'contexts', { ...matrix, from: units }),
    ],
    functions: `fn start(row: u32, unit: u32, sum: u32) -> Value { return load_bias(sum * ${width}u + unit); }
fn finish(row: u32, unit: u32, out: Value, key: Value) {
  let line = (${memory}u + uniforms.step) * ${batch}u + row;
  store_entries(line * ${width}u + unit, out);
  store_entries((${(memory + steps) * batch}u + line) * ${width}u + unit, key);
${images ? `  store_entry_image(line, unit, out);\n  store_entry_image(${(memory + steps) * batch}u + line, unit, key);` : ''}
}`,
  });
}
