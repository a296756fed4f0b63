import { type Binding, read, readMatrix, readWrite, rowVectors, write, writeMatrix } from '../../kernels/kernel.ts';
import { GATE_FUNCTIONS, type StepKernel, type StepProduct, stepKernel } from './recurrent-step.ts';

/** Sizes of a sequence: T, B, H. */
export interface LstmSizes {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

/**
 * Where the steps of a pass are in memory. States (T+1, B, H) have a row more than the gates: forward in time the
 * initial state is row 0, backward in time it is row T.
 *
 * @returns for each step, in the order in which they are computed, its row of the gates and the rows of the states
 *   before and after it
 */
export function stepRows(steps: number, reverse: boolean): { step: number; before: number; after: number }[] {
  return Array.from({ length: steps }, (_, index) =>
    reverse
      ? { step: steps - 1 - index, before: steps - index, after: steps - 1 - index }
      : { step: index, before: index, after: index + 1 },
  );
}

/**
 * Where a kernel finds a state of the step before or after: in its row of (T+1, B, H). Or in textures, which the
 * kernels of the step before fill: `state` of (2, B, H), hidden states and then cells, and `context` of (B, H).
 */
export function stateAt(
  { batch }: LstmSizes,
  images: boolean,
  name: 'hidden' | 'cells' | 'contexts',
  time: 'before' | 'after',
): Pick<StepProduct, 'x' | 'line'> {
  if (!images) return { x: name, line: (row) => `uniforms.${time} * ${batch}u + ${row}` };
  if (name === 'contexts') return { x: 'context', line: (row) => row };
  return { x: 'state', line: (row) => (name === 'cells' ? `${batch}u + ${row}` : row) };
}

/**
 * A thread owns some sequences and some units, with all four gates. Uniforms: rows of the step, see `stepRows`.
 *
 * @param inPlace whether the gates overwrite the projected inputs
 * @param images whether weights and states lie in textures; then this step leaves its states in another one, `next`
 * @param attends whether contexts are multiplied with further rows of `recurrent`
 */
export function forwardKernel(
  sizes: LstmSizes,
  { inPlace, images, attends = false }: { inPlace: boolean; images: boolean; attends?: boolean },
): StepKernel {
  const { steps, batch, units } = sizes;
  const { vector, width } = rowVectors(units);
  const matrix = (binding: Binding) => ({ ...binding, columns: width });
  const [hidden, cells] = (['hidden', 'cells'] as const).map((name) => stateAt(sizes, images, name, 'before'));
  const bindings = [
    readMatrix('recurrent', 4 * width, vector),
    ...(images
      ? [readMatrix('state', width), writeMatrix('next', width), matrix(write('hidden', 4)), matrix(write('cells', 4))]
      : [matrix(readWrite('hidden', vector)), matrix(readWrite('cells', vector))]),
    ...(attends ? [readMatrix(images ? 'context' : 'contexts', width, vector)] : []),
  ];
  const middle = Math.floor((steps - 1) / 2);
  return stepKernel({
    problem: `lstm step ${batch}x${units}${attends ? ' with context' : ''}${inPlace ? ' in place' : ''}`,
    batch,
    units,
    steps,
    bindings: inPlace
      ? [...bindings, readWrite('gates', vector)]
      : [read('projected', vector), ...bindings, write('gates', vector)],
    uniforms: ['step', 'before', 'after'],
    measured: [middle, middle, middle + 1],
    sums: ['i', 'j', 'f', 'o'],
    products: [hidden, ...(attends ? [stateAt(sizes, images, 'contexts', 'before')] : [])].map(
      (state, index): StepProduct => ({
        ...state,
        inner: units,
        matrix: 'recurrent',
        from: index * units,
        into: { i: 0, j: 1, f: 2, o: 3 },
      }),
    ),
    functions: `${GATE_FUNCTIONS}
fn start(row: u32, unit: u32, gate: u32) -> Value {
  return load_${inPlace ? 'gates' : 'projected'}((uniforms.step * ${batch}u + row) * ${4 * width}u + gate * ${width}u + unit);
}
fn finish(row: u32, unit: u32, i: Value, j: Value, f: Value, o: Value) {
  let input = sigmoid(i);
  let candidate = squash(j);
  let forget = sigmoid(f);
  let out = sigmoid(o);
  let cell = forget * load_${cells.x}(${cells.line('row')}, unit) + input * candidate;
  let gate = (uniforms.step * ${batch}u + row) * ${4 * width}u + unit;
  store_gates(gate, input);
  store_gates(gate + ${width}u, candidate);
  store_gates(gate + ${2 * width}u, forget);
  store_gates(gate + ${3 * width}u, out);
  let state = out * squash(cell);
  let line = uniforms.after * ${batch}u + row;
  store_cells(line, unit, cell);
  store_hidden(line, unit, state);
${images ? `  store_next(row, unit, state);\n  store_next(${batch}u + row, unit, cell);` : ''}
}`,
  });
}

/** Which gradients flow into a layer from above. */
export interface IncomingGradients {
  readonly hasHidden: boolean;
  readonly hasCells: boolean;
}

/**
 * WGSL of the gradient that comes from above to a state (T+1, B, H) after the step, of this name; zero where none does.
 */
export function fromAbove({ batch, units }: LstmSizes, name: string, comes: boolean): string {
  return comes ? `load_${name}((uniforms.after * ${batch}u + row) * ${rowVectors(units).width}u + unit)` : 'Value(0.0)';
}

/**
 * At step t, walking against the order of the forward pass, with the step after it called `later`:
 * dh = dHidden_t + dGates_later W^T, then with tc = tanh(c_t)
 *
 *     do = dh tc o (1 - o)       dc = carry + dh o (1 - tc^2)       carry = dc f
 *     di = dc j i (1 - i)        dj = dc i (1 - j^2)                df = dc c_(t-1) f (1 - f)
 *
 * `carry` holds the cell's gradient between steps and ends as that of the initial cell. Uniforms: the rows of the step,
 * see `stepRows`, and that of the later step's gates, T where there is none.
 *
 * @param images whether dGates of the later step lie in a texture, `later_gates`, as this one leaves its own in
 *   another, `next`, and the weights are read as they are; else they are transposed, so that neighbouring threads read
 *   neighbours
 */
export function backwardKernel(
  sizes: LstmSizes,
  { hasHidden, hasCells }: IncomingGradients,
  inPlace: boolean,
  images: boolean,
): StepKernel {
  const { steps, batch, units } = sizes;
  const { vector, width } = rowVectors(units);
  const flags = [hasHidden && 'hidden', hasCells && 'cells', inPlace && 'in place'].filter((flag) => flag !== false);
  // The first step of a backward pass has no later step to walk over, so a step in the middle is measured.
  const middle = Math.floor((steps - 1) / 2);
  return stepKernel({
    problem: ['lstm backward step', `${batch}x${units}`, ...flags].join(' '),
    batch,
    units,
    steps,
    bindings: [
      ...(inPlace ? [] : [read('gates', vector)]),
      read('cells', vector),
      ...(images
        ? [readMatrix('recurrent', 4 * width), readMatrix('later_gates', 4 * width), writeMatrix('next', 4 * width)]
        : [readMatrix('transposed', width, vector)]),
      ...(hasHidden ? [read('d_hidden', vector)] : []),
      ...(hasCells ? [read('d_cells', vector)] : []),
      { ...readWrite('d_gates', vector), columns: 4 * width },
      readWrite('carry', vector),
    ],
    uniforms: ['step', 'before', 'after', 'later'],
    measured: [middle, middle, middle + 1, middle + 1],
    sums: ['dh'],
    products: [
      {
        when: `uniforms.later < ${steps}u`,
        x: images ? 'later_gates' : 'd_gates',
        line: (row) => (images ? row : `uniforms.later * ${batch}u + ${row}`),
        inner: 4 * units,
        matrix: images ? 'recurrent' : 'transposed',
        transposed: images,
        into: { dh: 0 },
      },
    ],
    functions: `fn start(row: u32, unit: u32, sum: u32) -> Value {
  return ${fromAbove(sizes, 'd_hidden', hasHidden)};
}
${gateGradients(sizes, inPlace, images)}
fn finish(row: u32, unit: u32, dh: Value) {
  gate_gradients(row, unit, dh, ${fromAbove(sizes, 'd_cells', hasCells)});
}`,
  });
}

/**
 * WGSL that ends a backward step, with `d_gates` as a matrix: `dc_incoming` is the gradient of the cell from outside
 * the recurrence.
 */
export function gateGradients({ steps, batch, units }: LstmSizes, inPlace: boolean, images = false): string {
  const { width } = rowVectors(units);
  const gate = (n: number) =>
    inPlace ? `load_d_gates(line, unit + ${n * width}u)` : `load_gates(line * ${4 * width}u + unit + ${n * width}u)`;
  const store = (n: number, value: string) => `  let d${n} = ${value};
  store_d_gates(line, unit + ${n * width}u, d${n});${images ? `\n  store_next(row, unit + ${n * width}u, d${n});` : ''}`;
  return `${GATE_FUNCTIONS}
fn gate_gradients(row: u32, unit: u32, dh: Value, dc_incoming: Value) {
  let line = uniforms.step * ${batch}u + row;
  let i = ${gate(0)};
  let j = ${gate(1)};
  let f = ${gate(2)};
  let o = ${gate(3)};
  let tc = squash(load_cells((uniforms.after * ${batch}u + row) * ${width}u + unit));
  var dc = dh * o * (1.0 - tc * tc) + dc_incoming;
  let place = row * ${width}u + unit;
  if (uniforms.later < ${steps}u) { dc += load_carry(place); }
${store(0, 'dc * j * i * (1.0 - i)')}
${store(1, 'dc * i * (1.0 - j * j)')}
${store(2, `dc * load_cells((uniforms.before * ${batch}u + row) * ${width}u + unit) * f * (1.0 - f)`)}
${store(3, 'dh * tc * o * (1.0 - o)')}
  store_carry(place, dc * f);
}`;
}
