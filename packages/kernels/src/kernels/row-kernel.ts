import { elementCount, type Shape } from '../trace/shape.ts';
import type { Dispatch, Tensor } from '../trace/trace.ts';
import { linearDispatch } from './dispatch.ts';
import {
  type Binding,
  type Choice,
  type Kernel,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readWrite,
  write,
} from './kernel.ts';

/**
 * How kernels that reduce over the last axis (softmax, layer norm) share out their work: a thread a row where rows are
 * short, else a workgroup a row, whose threads ("lanes") take every 64th group of columns.
 */
export interface RowLayout {
  readonly rows: number;
  readonly columns: number;
  /** Columns in a group: 4 where they divide the row. */
  readonly vector: 1 | 4;
  readonly lanes: number;
}

/**
 * Groups from which on a row is long: two for each lane. Barriers cost a software adapter 5 to 10 microseconds a row
 * (layer norm on llvmpipe: 512 rows of 1,024 in 5.8 ms, with a thread a row in 2.0), more than they bring there; on a
 * GPU the threads of neighbouring rows read far apart, which gets worse with length.
 */
const LONG_ROW = 2 * LINEAR_WORKGROUP;

/** @param most columns in a group at most */
export function rowLayout(shape: Shape, most: 1 | 4 = 4): RowLayout {
  const columns = shape.at(-1) ?? 1;
  const vector = columns % 4 === 0 ? most : 1;
  return {
    rows: elementCount(shape) / columns,
    columns,
    vector,
    lanes: columns / vector >= LONG_ROW ? LINEAR_WORKGROUP : 1,
  };
}

/** WGSL for an element of the row at hand. */
export function rowElement({ vector }: RowLayout, name: string, column: string): string {
  return vector === 4 ? `load_${name}(start + ${column} / 4u)[${column} % 4u]` : `load_${name}(start + ${column})`;
}

/**
 * What a kernel over rows is, with its body as WGSL for a row in which `row` is its number and `start` its first group.
 */
export interface RowKernel<Body> extends Pick<Kernel, 'label' | 'bindings'> {
  readonly body: Body;
}

/**
 * WGSL of loops over a row's groups. In what they are given `c` is the group within the row, and a group is a `Value`
 * (f32 or vec4f). All threads of a row have to meet every sum and maximum.
 */
export interface RowLoops {
  /**
   * Declares f32s, each the sum over the row of its `Value`. `before` is WGSL ahead of the values, for what they share.
   */
  sums(values: Readonly<Record<string, string>>, before?: string): string;
  /** Declares an f32, the largest over the row of a `Value`; at least -3.4028234e38. */
  max(name: string, value: string): string;
  /** Runs statements for every group. */
  each(statements: string): string;
}

/**
 * Groups from which on a row may be shared by a workgroup. Shorter rows are summed in a plain chain, longer ones as 64
 * lanes do that take every 64th group, whoever computes them: so variants give the same bits, and no chain of additions
 * is longer than a 64th of the row.
 */
const SHARED_ROW = LINEAR_WORKGROUP / 2;

/**
 * What an element of a row counts for in `Choice.work`. Its loads and stores take time, not its arithmetic: some
 * nanoseconds on llvmpipe, in which it does a hundred floating-point operations.
 */
const WORK_OF_ELEMENT = 64;

/** One launch over all rows: by a thread a row or by a workgroup a row, whichever is faster on the device. */
export function rowsDispatch(
  layout: RowLayout,
  { label, bindings, body }: RowKernel<(loops: RowLoops) => string>,
  operands: readonly Tensor[],
): Dispatch {
  const { rows, columns, vector } = layout;
  const groups = columns / vector;
  const variant = (lanes: number, name: string) => {
    const kernel = { label: name, bindings, body: body(rowLoops(groups, lanes)) };
    return rowDispatch({ ...layout, lanes }, kernel, operands);
  };
  if (groups < SHARED_ROW) return variant(1, label);
  const byThread = variant(1, `${label}, a thread a row`);
  const byWorkgroup = variant(LINEAR_WORKGROUP, `${label}, a workgroup a row`);
  const choice: Choice = {
    problem: `${label} ${rows}x${columns}`,
    work: WORK_OF_ELEMENT * rows * columns,
    variants: [byThread, byWorkgroup],
    likelyOnCpu: byThread,
  };
  return { ...(layout.lanes === 1 ? byThread : byWorkgroup), choice };
}

function rowLoops(groups: number, lanes: number): RowLoops {
  const each = (statements: string) => `  for (var c = lane; c < width; c += lanes) {\n${statements}\n  }`;
  return {
    each,
    max: (name, value) => `  var ${name}_here = Value(lowest);
${each(`    ${name}_here = max(${name}_here, ${value});`)}
  let ${name} = row_max(${name}_here);`,
    sums(values, before = '') {
      const names = Object.keys(values);
      const declare = (suffix: string, type: string) =>
        names.map((name) => `var ${name}_${suffix} = ${type}(0.0);`).join(' ');
      const terms = names.map((name) => `${name}_lane += ${values[name]};`).join(' ');
      if (groups >= SHARED_ROW && lanes === 1) {
        return `  ${declare('row', 'f32')}
  for (var part = 0u; part < 8u; part++) {
    ${declare('part', 'f32')}
    for (var lane_of_row = part; lane_of_row < ${Math.min(groups, LINEAR_WORKGROUP)}u; lane_of_row += 8u) {
      ${declare('lane', 'Value')}
      for (var c = lane_of_row; c < width; c += ${LINEAR_WORKGROUP}u) { ${before} ${terms} }
      ${names.map((name) => `${name}_part += group_sum(${name}_lane);`).join(' ')}
    }
    ${names.map((name) => `${name}_row += ${name}_part;`).join(' ')}
  }
${names.map((name) => `  let ${name} = ${name}_row;`).join('\n')}`;
      }
      return `  ${declare('lane', 'Value')}
  for (var c = lane; c < width; c += lanes) { ${before} ${terms} }
${names.map((name) => `  let ${name} = row_sum(${name}_lane);`).join('\n')}`;
    },
  };
}

/**
 * One launch over all rows of one layout, for kernels that no `RowLoops` can write.
 *
 * @param kernel its body loops over the row's groups by `for (var c = lane; c < width; c += lanes)`. `row_sum` and
 *   `row_max` turn one `Value` of each lane into the number of the whole row; all lanes have to call them.
 */
export function rowDispatch(
  layout: RowLayout,
  { label, bindings, body }: RowKernel<string>,
  operands: readonly Tensor[],
): Dispatch {
  const { rows, columns, vector, lanes } = layout;
  const head = `alias Value = ${vector === 4 ? 'vec4f' : 'f32'};
const columns = ${columns}.0;
const width = ${columns / vector}u;
const lanes = ${lanes}u;
const lowest = -3.4028234e38;
fn group_sum(v: Value) -> f32 { return ${vector === 4 ? '(v.x + v.y) + (v.z + v.w)' : 'v'}; }
fn group_max(v: Value) -> f32 { return ${vector === 4 ? 'max(max(v.x, v.y), max(v.z, v.w))' : 'v'}; }`;
  if (lanes === 1) {
    const functions = `${head}\n${ONE_LANE}`;
    const ofRow = `  let row = index;\n  let start = row * width;\n${body}`;
    return linearDispatch({ label, bindings, operands, threads: rows, functions, body: ofRow });
  }
  const code = `${head}\n${workgroupCode(rows, body)}`;
  return {
    kernel: { label, bindings, uniforms: [], workgroupSize: [LINEAR_WORKGROUP, 1, 1], code },
    operands,
    uniforms: [],
    workgroups: linearGrid(rows, 1),
  };
}

/** Bindings of an operand whose memory the result may take over: `result` for both, or `result` and `name`. */
export function overwritable(name: string, vector: 1 | 4, inPlace: boolean): readonly Binding[] {
  return inPlace ? [readWrite('result', vector)] : [write('result', vector), read(name, vector)];
}

const ONE_LANE = `const lane = 0u;
fn row_sum(v: Value) -> f32 { return group_sum(v); }
fn row_max(v: Value) -> f32 { return group_max(v); }`;

const workgroupCode = (rows: number, body: string) => `var<private> lane: u32;
${laneReduction('row_sum', 'group_sum(v)', (a, b) => `${a} + ${b}`)}
${laneReduction('row_max', 'group_max(v)', (a, b) => `max(${a}, ${b})`)}
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u) {
  lane = local.x;
  let row = group.y * groups.x + group.x;
  if (row >= ${rows}u) { return; }
  let start = row * width;
${body}
}`;

/**
 * 64 numbers to one in two rounds of eight, in a fixed order: two barriers where a binary tree takes seven. The next
 * call writes to neither array before all lanes have read it: its first barrier stands between.
 */
export function laneReduction(
  name: string,
  value: string,
  combine: (a: string, b: string) => string,
  { from, to } = { from: 'Value', to: 'f32' },
): string {
  return `var<workgroup> ${name}_lanes: array<${to}, ${LINEAR_WORKGROUP}>;
var<workgroup> ${name}_parts: array<${to}, 8>;
fn ${name}(v: ${from}) -> ${to} {
  ${name}_lanes[lane] = ${value};
  workgroupBarrier();
  if (lane < 8u) {
    var part = ${name}_lanes[lane];
    for (var i = 8u; i < ${LINEAR_WORKGROUP}u; i += 8u) { part = ${combine('part', `${name}_lanes[lane + i]`)}; }
    ${name}_parts[lane] = part;
  }
  workgroupBarrier();
  var all = ${name}_parts[0];
  for (var i = 1u; i < 8u; i++) { all = ${combine('all', `${name}_parts[i]`)}; }
  return all;
}`;
}
