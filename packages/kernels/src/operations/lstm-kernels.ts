import { type Choice, type Kernel, LINEAR_WORKGROUP, read, readWrite, type Variant, write } from '../kernel.ts';

/** The kernel of one step, launched once for each with the step's number as its uniform. */
export interface StepKernel extends Variant {
  readonly choice: Choice;
}

/**
 * What a thread computes: some sequences of the batch, and some groups of units (of four where H allows it). It loads
 * each weight once for all its sequences and each state once for all its units, but larger shares leave fewer threads.
 * On llvmpipe (two cores, batch 16, 256 units) a forward pass takes 31, 19, 15, 12 ms with 2, 4, 8, 16 sequences.
 */
interface Share {
  readonly rows: number;
  readonly groups: number;
}

const FORWARD_SHARES: readonly Share[] = [1, 2, 4, 8, 16].map((rows) => ({ rows, groups: 1 }));
/** Backward, a thread has one gradient instead of four gates to sum up, so that a second group of units pays. */
const BACKWARD_SHARES: readonly Share[] = [
  { rows: 1, groups: 1 },
  { rows: 2, groups: 1 },
  { rows: 4, groups: 1 },
  { rows: 8, groups: 1 },
  { rows: 8, groups: 2 },
  { rows: 16, groups: 2 },
];

function stepKernel(
  problem: string,
  shares: readonly Share[],
  { steps, batch, units }: { steps: number; batch: number; units: number },
  make: (share: Share) => Variant,
): StepKernel {
  const width = units / vectorOf(units);
  const possible = shares.filter(({ rows, groups }) => rows <= batch && width % groups === 0);
  const variants = possible.map(make);
  // Unmeasured: the largest share that leaves some hundred threads.
  const fits = ({ rows, groups }: Share) => (width / groups) * Math.ceil(batch / rows) >= 256;
  const likely = variants[Math.max(0, possible.findLastIndex(fits))];
  // In the first step of a backward pass there is no later step to walk over, so a step in the middle is measured.
  const uniforms = [Math.floor((steps - 1) / 2)];
  return { ...likely, choice: { problem, work: 8 * steps * batch * units * units, uniforms, variants } };
}

function vectorOf(units: number): 1 | 4 {
  return units % 4 === 0 ? 4 : 1;
}

/** A thread owns some sequences and one group of units (four where H allows it), all four gates. */
export function forwardKernel(steps: number, batch: number, units: number, inPlace: boolean): StepKernel {
  const problem = `lstm step ${batch}x${units}${inPlace ? ' in place' : ''}`;
  const make = ({ rows }: Share) => forwardVariant(problem, batch, units, inPlace, rows);
  return stepKernel(problem, FORWARD_SHARES, { steps, batch, units }, make);
}

function forwardVariant(problem: string, batch: number, units: number, inPlace: boolean, rows: number): Variant {
  const vector = vectorOf(units);
  const type = vector === 4 ? 'vec4f' : 'f32';
  const width = units / vector;
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
  return variantOf(`${problem} share ${rows}x1`, bindings, code, width, Math.ceil(batch / rows));
}

/**
 * At step t: dh = dHidden_(t+1) + dGates_(t+1) W^T, then with tc = tanh(c_t)
 *
 *     do = dh tc o (1 - o)       dc = carry + dh o (1 - tc^2)       carry = dc f
 *     di = dc j i (1 - i)        dj = dc i (1 - j^2)                df = dc c_(t-1) f (1 - f)
 *
 * `carry` holds the cell's gradient between steps and ends as that of the initial cell.
 */
export function backwardKernel(
  steps: number,
  batch: number,
  units: number,
  incoming: IncomingGradients,
  inPlace: boolean,
): StepKernel {
  const { hasHidden, hasCells } = incoming;
  const flags = [hasHidden && 'hidden', hasCells && 'cells', inPlace && 'in place'].filter((flag) => flag !== false);
  const problem = ['lstm backward step', `${batch}x${units}`, ...flags].join(' ');
  const make = (share: Share) => backwardVariant(problem, steps, batch, units, incoming, inPlace, share);
  return stepKernel(problem, BACKWARD_SHARES, { steps, batch, units }, make);
}

/** Which gradients flow into a layer from above. */
export interface IncomingGradients {
  readonly hasHidden: boolean;
  readonly hasCells: boolean;
}

function backwardVariant(
  problem: string,
  steps: number,
  batch: number,
  units: number,
  { hasHidden, hasCells }: IncomingGradients,
  inPlace: boolean,
  { rows, groups }: Share,
): Variant {
  const vector = vectorOf(units);
  const type = vector === 4 ? 'vec4f' : 'f32';
  const width = units / vector;
  const source = inPlace ? 'd_gates' : 'gates';
  const component = (k: number) => (vector === 4 ? `.${'xyzw'[k]}` : '');
  const stateSize = batch * width;
  /** WGSL for each sequence r and each group of units g that the thread owns. */
  const each = (line: (r: number, g: number) => string) => every(rows, (r) => every(groups, (g) => line(r, g)));
  const code = `${gateFunctions(type)}
fn main(@builtin(global_invocation_id) id: vec3u) {
  let unit = id.x * ${groups}u;
  let first = id.y * ${rows}u;
  if (unit >= ${width}u || first >= ${batch}u) { return; }
  let t = uniforms.step;
${every(
  rows,
  (r) => `  let row${r} = min(first + ${r}u, ${batch - 1}u);
  let state${r} = (t * ${batch}u + row${r}) * ${width}u + unit;`,
)}
${each((r, g) => `  var dh${r}_${g} = ${hasHidden ? `d_hidden[state${r} + ${stateSize + g}u]` : `${type}(0.0)`};`)}
  if (t + 1u < ${steps}u) {
${every(rows, (r) => `    let later${r} = ((t + 1u) * ${batch}u + row${r}) * ${4 * width}u;`)}
    for (var k = 0u; k < ${4 * width}u; k++) {
${every(rows, (r) => `      let d${r} = d_gates[later${r} + k];`)}
${every(vector, (s) =>
  every(groups, (g) => `      let w${s}_${g} = transposed[(k * ${vector}u + ${s}u) * ${width}u + unit + ${g}u];`),
)}
${each((r, g) =>
  every(vector, (s) => `      dh${r}_${g} = fma(${type}(d${r}${component(s)}), w${s}_${g}, dh${r}_${g});`),
)}
    }
  }
${each(
  (r, g) => `  if (first + ${r}u < ${batch}u) {
    let gate = (t * ${batch}u + row${r}) * ${4 * width}u + unit + ${g}u;
    let i = ${source}[gate];
    let j = ${source}[gate + ${width}u];
    let f = ${source}[gate + ${2 * width}u];
    let o = ${source}[gate + ${3 * width}u];
    let tc = squash(cells[state${r} + ${stateSize + g}u]);
    var dc = dh${r}_${g} * o * (1.0 - tc * tc)${hasCells ? ` + d_cells[state${r} + ${stateSize + g}u]` : ''};
    let place = row${r} * ${width}u + unit + ${g}u;
    if (t + 1u < ${steps}u) { dc += carry[place]; }
    d_gates[gate] = dc * j * i * (1.0 - i);
    d_gates[gate + ${width}u] = dc * i * (1.0 - j * j);
    d_gates[gate + ${2 * width}u] = dc * cells[state${r} + ${g}u] * f * (1.0 - f);
    d_gates[gate + ${3 * width}u] = dh${r}_${g} * tc * o * (1.0 - o);
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
  return variantOf(`${problem} share ${rows}x${groups}`, bindings, code, width / groups, Math.ceil(batch / rows));
}

function gateFunctions(type: string): string {
  // The clamps keep exp and tanh where WGSL defines them; see unary.ts.
  return `fn sigmoid(x: ${type}) -> ${type} { return 1.0 / (1.0 + exp(-max(x, ${type}(-80.0)))); }
fn squash(x: ${type}) -> ${type} { return tanh(clamp(x, ${type}(-15.0), ${type}(15.0))); }`;
}

/** Few rows of threads are put into small workgroups, so that there are two at least for the cores or compute units. */
function variantOf(label: string, bindings: Kernel['bindings'], code: string, across: number, down: number): Variant {
  const threads = Math.min(LINEAR_WORKGROUP, down === 1 ? Math.max(1, Math.ceil(across / 2)) : across);
  return {
    kernel: { label, bindings, uniforms: ['step'], workgroupSize: [threads, 1, 1], code },
    workgroups: [Math.ceil(across / threads), down, 1],
  };
}

/** Unrolls a line of WGSL. */
function every(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n');
}
