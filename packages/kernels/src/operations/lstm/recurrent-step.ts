import {
  type Binding,
  type Choice,
  every,
  LINEAR_WORKGROUP,
  range,
  rowVectors,
  type Variant,
} from '../../kernels/kernel.ts';

/** The kernel of one step, launched once for each with the step's numbers as its uniforms. */
export interface StepKernel extends Variant {
  readonly choice: Choice;
}

/**
 * What a thread computes: some sequences of the batch, and some groups of units (of four where H allows it). It loads
 * each weight once for all its sequences and each state once for all its units, but larger shares leave fewer threads.
 * From buffers, on llvmpipe (two cores, batch 16, 256 units), a step of an LSTM takes 1.6, 1.1, 0.68, 0.48, 0.42 ms
 * with 1, 2, 4, 8, 16 sequences.
 */
interface Share {
  readonly rows: number;
  readonly groups: number;
}

/** Threads that a share leaves: some for every GPU, and as many as two cores with eight lanes have. */
const UNMEASURED = 256;
const TWO_CORES = 16;

/**
 * Sums of a thread, in groups, beyond which registers overflow everywhere, and LLVM takes half a minute to compile
 * instead of a second or two.
 */
const MAX_SUMS = 64;

/** From the most threads to the most work for each number loaded. */
function sharesFor(sums: number): readonly Share[] {
  const shares = [1, 2, 4, 8, 16].map((rows) => ({ rows, groups: 1 }));
  for (let groups = 2; 16 * groups * sums <= MAX_SUMS; groups *= 2) shares.push({ rows: 16, groups });
  return shares;
}

/** A product of rows of a state with a matrix, the columns of which are added to sums of the thread. */
export interface StepProduct {
  /** Binding of a matrix, and WGSL for its line of a sequence. */
  readonly x: string;
  readonly line: (row: string) => string;
  /** Length of these rows. */
  readonly inner: number;
  /** Binding of the other matrix, with a line for each term of the inner product; the first one that is multiplied. */
  readonly matrix: string;
  readonly from?: number;
  /** Set where that has a line for each unit instead: then it is multiplied as if it were transposed. */
  readonly transposed?: boolean;
  /** For each sum that takes part its name, and which of the matrix's blocks of H columns (lines) is added to it. */
  readonly into: Readonly<Record<string, number>>;
  /** WGSL condition under which there is anything to add. */
  readonly when?: string;
}

/**
 * One step of a recurrence over a batch of states: each thread has some sums for each of its sequences and units, of
 * products of states with matrices and of what they start from, and does the rest element by element.
 */
export interface Step {
  readonly problem: string;
  readonly batch: number;
  /** H: a thread owns whole columns, the same in every block of H. */
  readonly units: number;
  readonly bindings: readonly Binding[];
  readonly uniforms: readonly string[];
  /** Uniforms of the step that is measured, and how many steps there are. */
  readonly measured: readonly number[];
  readonly steps: number;
  readonly sums: readonly string[];
  readonly products: readonly StepProduct[];
  /**
   * WGSL of `fn start(row: u32, unit: u32, sum: u32) -> Value`, what is added to the sum of that number, and of
   * `fn finish(row: u32, unit: u32, ...sums: Value)`. `unit` counts groups; a group is a `Value` (f32 or vec4f).
   */
  readonly functions: string;
}

export function stepKernel(step: Step): StepKernel {
  const { batch, units, steps, products, problem, measured } = step;
  const { width } = rowVectors(units);
  const possible = sharesFor(step.sums.length).filter(({ rows, groups }) => rows <= batch && width % groups === 0);
  const variants = possible.map((share) => variantOf(step, share));
  /** The largest share that leaves as many threads. */
  const leaving = (threads: number) => {
    const fits = ({ rows, groups }: Share) => (width / groups) * Math.ceil(batch / rows) >= threads;
    return variants[Math.max(0, possible.findLastIndex(fits))];
  };
  const multiplied = products.reduce((total, { inner, into }) => total + inner * Object.keys(into).length, 0);
  const work = 2 * steps * batch * units * multiplied;
  const likelyOnCpu = leaving(TWO_CORES);
  return { ...leaving(UNMEASURED), choice: { problem, work, uniforms: measured, variants, likelyOnCpu } };
}

/**
 * Sequences and groups of a thread from which on a loop ends a step: compilers take seconds for as many copies of its
 * code.
 */
const LOOPED = 4;

function variantOf(step: Step, { rows, groups }: Share): Variant {
  const { problem, batch, units, sums, products, bindings, uniforms } = step;
  const { type, width } = rowVectors(units);
  /** WGSL for each sequence r and each group of units g that the thread owns. */
  const each = (line: (r: number, g: number) => string) => every(rows, (r) => every(groups, (g) => line(r, g)));
  const finish = (row: string, unit: string, total: (index: number, sum: string) => string) =>
    `finish(${[row, unit, ...sums.map((sum, index) => `start(${row}, ${unit}, ${index}u) + ${total(index, sum)}`)].join(', ')});`;
  const place = (r: number, g: number, index: number) => (r * groups + g) * sums.length + index;
  const end =
    rows * groups < LOOPED
      ? each(
          (r, g) =>
            `  if (first_row + ${r}u < ${batch}u) { ${finish(`row${r}`, `unit${g}`, (_, sum) => `${sum}${r}_${g}`)} }`,
        )
      : `  var totals: array<Value, ${rows * groups * sums.length}>;
${each((r, g) => sums.map((sum, index) => `  totals[${place(r, g, index)}] = ${sum}${r}_${g};`).join('\n'))}
  for (var at = 0u; at < ${rows * groups}u; at++) {
    let row = first_row + at / ${groups}u;
    if (row >= ${batch}u) { break; }
    let unit = first_unit + at % ${groups}u;
    ${finish('row', 'unit', (index) => `totals[at * ${sums.length}u + ${index}u]`)}
  }`;
  const code = `alias Value = ${type};
${step.functions}
fn main(@builtin(global_invocation_id) id: vec3u) {
  let first_unit = id.x * ${groups}u;
  let first_row = id.y * ${rows}u;
  if (first_unit >= ${width}u || first_row >= ${batch}u) { return; }
${every(rows, (r) => `  let row${r} = min(first_row + ${r}u, ${batch - 1}u);`)}
${every(groups, (g) => `  let unit${g} = first_unit + ${g}u;`)}
${each((r, g) => sums.map((sum) => `  var ${sum}${r}_${g} = Value(0.0);`).join('\n'))}
${products.map((product) => productCode(product, step, { rows, groups })).join('\n')}
${end}
}`;
  // Few rows of threads are put into small workgroups, so that there are two at least for the cores or compute units.
  const [across, down] = [width / groups, Math.ceil(batch / rows)];
  const threads = Math.min(LINEAR_WORKGROUP, down === 1 ? Math.max(1, Math.ceil(across / 2)) : across);
  const label = `${problem} share ${rows}x${groups}`;
  return {
    kernel: { label, bindings, uniforms, workgroupSize: [threads, 1, 1], code },
    workgroups: [Math.ceil(across / threads), down, 1],
  };
}

function productCode(product: StepProduct, { units }: Step, { rows, groups }: Share): string {
  const { x, line, inner, matrix, from = 0, transposed = false, into, when } = product;
  const { vector, width } = rowVectors(units);
  const blocks = Object.entries(into);
  const steps = range(vector);
  const each = (line: (sum: string, block: number, g: number) => readonly string[]) =>
    range(groups).flatMap((g) => blocks.flatMap(([sum, block]) => line(sum, block, g)));
  const part = (s: number) => (vector === 4 ? `.${'xyzw'[s]}` : '');
  // The weights of one step s of k for the group of units g.
  const weights = transposed
    ? each((sum, block, g) => [
        ...steps.map(
          (n) => `let ${sum}_t${n}_${g} = load_${matrix}(${block * units}u + unit${g} * ${vector}u + ${n}u, k);`,
        ),
        ...steps.map(
          (s) => `let ${sum}_w${s}_${g} = Value(${steps.map((n) => `${sum}_t${n}_${g}${part(s)}`).join(', ')});`,
        ),
      ])
    : steps.flatMap((s) =>
        each((sum, block, g) => [
          `let ${sum}_w${s}_${g} = load_${matrix}(k * ${vector}u + ${from + s}u, unit${g} + ${block * width}u);`,
        ]),
      );
  const code = `${every(rows, (r) => `    let line${r} = ${line(`row${r}`)};`)}
    for (var k = 0u; k < ${inner / vector}u; k++) {
${weights.map((text) => `      ${text}`).join('\n')}
${every(rows, (r) =>
  [
    `      let x${r} = load_${x}(line${r}, k);`,
    ...each((sum, _, g) =>
      steps.map((s) => `      ${sum}${r}_${g} = fma(Value(x${r}${part(s)}), ${sum}_w${s}_${g}, ${sum}${r}_${g});`),
    ),
  ].join('\n'),
)}
    }`;
  return `  ${when === undefined ? '' : `if (${when}) `}{\n${code}\n  }`;
}

/** WGSL of the gates' functions. The clamps keep exp and tanh where WGSL defines them; see unary.ts. */
export const GATE_FUNCTIONS = `fn sigmoid(x: Value) -> Value { return 1.0 / (1.0 + exp(-max(x, Value(-80.0)))); }
fn squash(x: Value) -> Value { return tanh(clamp(x, Value(-15.0), Value(15.0))); }`;
