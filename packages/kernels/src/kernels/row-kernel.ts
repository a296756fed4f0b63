import type { Dispatch } from '../trace/operation.ts';
import { elementCount, type Shape } from '../trace/shape.ts';
import type { Tensor } from '../trace/tensor.ts';
import { linearDispatch } from './dispatch.ts';
import { type Binding, LINEAR_WORKGROUP, linearGrid, read, readWrite, write } from './kernel.ts';

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
 * One launch over all rows of a layout.
 *
 * @param body WGSL in which `row` is the row, `start` its first group, and a loop over its groups is
 *   `for (var c = lane; c < width; c += lanes)`. A group is a `Value` (f32 or vec4f). `row_sum` and `row_max` turn one
 *   `Value` of each lane into the number of the whole row; all lanes have to call them.
 */
export function rowDispatch(
  layout: RowLayout,
  { label, bindings, body }: { label: string; bindings: readonly Binding[]; body: string },
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
