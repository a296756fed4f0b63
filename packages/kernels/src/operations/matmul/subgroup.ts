import type { Kernel } from '../../kernels/kernel.ts';
import { baseOffsets, loadVector, type MatmulProblem, matmulShader, type Operand, operandsOf } from './problem.ts';
import { each, storeTile } from './tile.ts';

/** Threads of a workgroup, side by side across N: whole subgroups of every size up to 64. */
export const SUBGROUP_THREADS = 64;
/** Columns of c a thread, so that neighbours load neighbouring vec4s of b. */
export const SUBGROUP_COLUMNS = 4;

/**
 * All threads of a workgroup compute the same rows of c, so that they need the same elements of a: each of four
 * neighbours loads a quarter and passes it on by broadcast, which takes a quarter of the loads. Subgroups have at least
 * four threads, of which the kernel needs to know no more.
 *
 * @param rows of c a thread, a multiple of 4
 */
export function subgroupKernel(problem: MatmulProblem, rows: number): Kernel {
  const tile = { rows, columns: SUBGROUP_COLUMNS };
  const operands = operandsOf(problem, rows);
  const body = `fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u,
  @builtin(subgroup_invocation_id) lane: u32) {
  let n0 = (group.x * ${SUBGROUP_THREADS}u + local.x) * ${SUBGROUP_COLUMNS}u;
  let m0 = group.y * ${rows}u;
  let quarter = lane % 4u;
${baseOffsets(problem, operands, 'group.z')}
${each(tile, (r) => `  var c${r}_0 = vec4f(0.0);`)}
  for (var k = 0u; k < ${problem.K}u; k += 4u) {
${fourBroadcastSteps(problem, operands, rows)}
  }
${storeTile(
  problem,
  tile,
  'group.z',
  (r) => `m0 + ${r}u`,
  () => 'n0',
)}
}`;
  const workgroupSize = [SUBGROUP_THREADS, 1, 1] as const;
  return matmulShader(problem, operands, { name: `subgroups ${rows}`, workgroupSize, requires: ['subgroups'], body });
}

function fourBroadcastSteps(problem: MatmulProblem, [a, b]: [Operand, Operand], rows: number): string {
  const { M, N, K, transposeA, transposeB } = problem;
  const lines: string[] = [];
  for (let n = 0; n < 4 && transposeB; n++) {
    lines.push(`let bt${n} = ${loadVector(b, `min(n0 + ${n}u, ${N - 1}u)`, undefined, 'k', K)};`);
  }
  for (let s = 0; s < 4; s++) {
    const value = transposeB
      ? `vec4f(${[0, 1, 2, 3].map((n) => `bt${n}[${s}]`).join(', ')})`
      : loadVector(b, `k + ${s}u`, K, 'n0', N);
    lines.push(`let b${s} = ${value};`);
  }
  for (let r = 0; r < rows; r += 4) {
    // Four rows by four steps: a quarter is a row, or a step where a is stored (K, M).
    const quarter = transposeA
      ? loadVector(a, 'k + quarter', K, `m0 + ${r}u`, M)
      : loadVector(a, `min(m0 + ${r}u + quarter, ${M - 1}u)`, undefined, 'k', K);
    lines.push(`let own${r} = ${quarter};`);
    for (let q = 0; q < 4; q++) lines.push(`let a${r}_${q} = subgroupBroadcast(own${r}, ${q}u);`);
    for (let i = 0; i < 4; i++) {
      const factor = (s: number) => (transposeA ? `a${r}_${s}[${i}]` : `a${r}_${i}[${s}]`);
      for (let s = 0; s < 4; s++) lines.push(`c${r + i}_0 = fma(vec4f(${factor(s)}), b${s}, c${r + i}_0);`);
    }
  }
  return lines.map((line) => `    ${line}`).join('\n');
}
