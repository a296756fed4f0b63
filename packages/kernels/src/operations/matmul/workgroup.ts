import type { Kernel } from '../../kernels/kernel.ts';
import { baseOffsets, loadVector, type MatmulProblem, matmulShader, type Operand, operandsOf } from './problem.ts';
import { each, storeTile } from './tile.ts';

/** Threads of a workgroup on each axis, and the steps of K for which it holds both operands at a time. */
export const WORKGROUP_SIDE = 8;
const STEPS = 16;

/**
 * A workgroup of 8x8 threads copies 16 steps of K of its rows of a and columns of b into workgroup memory, where every
 * element is read eight times: what discrete GPUs are fast with, and Apple's and software adapters are not.
 *
 * @param size of a thread's square tile, 4 or 8: 4 or 8 KiB of workgroup memory
 */
export function workgroupKernel(problem: MatmulProblem, size: 4 | 8): Kernel {
  const { K, transposeA, transposeB } = problem;
  const tile = { rows: size, columns: size };
  const operands = operandsOf(problem, size);
  const [a, b] = operands;
  // Vec4s of a step of K: those of all threads on an axis.
  const width = (WORKGROUP_SIDE * size) / 4;
  const lines: string[] = [];
  for (let s = 0; s < 4; s++) {
    for (let g = 0; g < size / 4; g++) {
      lines.push(`let a${s}_${g} = tile_a[(k + ${s}u) * ${width}u + local.y * ${size / 4}u + ${g}u];`);
      lines.push(`let b${s}_${g} = tile_b[(k + ${s}u) * ${width}u + ${WORKGROUP_SIDE * g}u + local.x];`);
    }
  }
  const products = each(tile, (r, v) =>
    [0, 1, 2, 3]
      .map((s) => `c${r}_${v} = fma(vec4f(a${s}_${Math.floor(r / 4)}[${r % 4}]), b${s}_${v}, c${r}_${v});`)
      .join(' '),
  );
  // The last steps may be fewer: no more are taken than by the other kernels, whose bits these are.
  const steps = K % STEPS === 0 ? `${STEPS}u` : `min(${STEPS}u, ${4 * Math.ceil(K / 4)}u - k0)`;
  const body = `var<workgroup> tile_a: array<vec4f, ${STEPS * width}>;
var<workgroup> tile_b: array<vec4f, ${STEPS * width}>;
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32) {
  let first_a = group.y * ${4 * width}u;
  let first_b = group.x * ${4 * width}u;
${baseOffsets(problem, operands, 'group.z')}
${each(tile, (r, v) => `  var c${r}_${v} = vec4f(0.0);`)}
  for (var k0 = 0u; k0 < ${K}u; k0 += ${STEPS}u) {
${copyTile(a, transposeA ? undefined : problem.M, problem, width)}
${copyTile(b, transposeB ? problem.N : undefined, problem, width)}
    workgroupBarrier();
    for (var k = 0u; k < ${steps}; k += 4u) {
${lines.join('\n')}
${products}
    }
    workgroupBarrier();
  }
${storeTile(
  problem,
  tile,
  'group.z',
  (r) => `first_a + local.y * ${size}u + ${r}u`,
  (v) => `first_b + (${WORKGROUP_SIDE * v}u + local.x) * 4u`,
)}
}`;
  const workgroupSize = [WORKGROUP_SIDE, WORKGROUP_SIDE, 1] as const;
  return matmulShader(problem, operands, { name: `workgroup ${size}x${size}`, workgroupSize, body });
}

/**
 * WGSL by which 64 threads copy an operand into its tile: for each step of K the vec4s of its rows or columns.
 *
 * @param lines of the operand if its stored rows run along K: then four lines by four steps are transposed on the way
 * @param width vec4s of a step
 */
function copyTile(operand: Operand, lines: number | undefined, { K }: MatmulProblem, width: number): string {
  const { name, row } = operand;
  const threads = WORKGROUP_SIDE * WORKGROUP_SIDE;
  if (lines === undefined) {
    // Steps beyond the last four are not used, but read: from the last line.
    const step = K % 4 === 0 ? `min(k0 + i / ${width}u, ${K - 1}u)` : `k0 + i / ${width}u`;
    const value = loadVector(operand, step, K, `first_${name} + 4u * (i % ${width}u)`, row);
    return `    for (var i = thread; i < ${STEPS * width}u; i += ${threads}u) { tile_${name}[i] = ${value}; }`;
  }
  const line = (n: number) => `min(first_${name} + 4u * (i / ${STEPS / 4}u) + ${n}u, ${lines - 1}u)`;
  const loads = [0, 1, 2, 3].map((n) => `let line${n} = ${loadVector(operand, line(n), undefined, 'k0 + step', K)};`);
  const stores = [0, 1, 2, 3].map((s) => {
    const value = [0, 1, 2, 3].map((n) => `line${n}[${s}]`).join(', ');
    return `tile_${name}[(step + ${s}u) * ${width}u + i / ${STEPS / 4}u] = vec4f(${value});`;
  });
  return `    for (var i = thread; i < ${(STEPS / 4) * width}u; i += ${threads}u) {
      let step = 4u * (i % ${STEPS / 4}u);
      ${[...loads, ...stores].join('\n      ')}
    }`;
}
