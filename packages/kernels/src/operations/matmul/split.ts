import type { Kernel } from '../../kernels/kernel.ts';
import {
  addition,
  baseOffsets,
  biasVector,
  type MatmulProblem,
  matmulShader,
  operandsOf,
  sumOrder,
} from './problem.ts';
import { each, fourSteps } from './tile.ts';

/** What one thread adds up, and how many threads a workgroup has across N and M, for each part of K. */
export const SPLIT_TILE = { rows: 4, columns: 4, threads: [8, 4] } as const;

/**
 * The parts of K of a long sum side by side: the third axis of a workgroup has a thread for each, and four of eight add
 * up what they leave in workgroup memory (16 KiB). For few elements of long sums, where a thread an element or tile
 * would leave a GPU idle.
 */
export function splitKernel(problem: MatmulProblem): Kernel {
  const { K } = problem;
  const { rows, columns, threads } = SPLIT_TILE;
  const operands = operandsOf(problem, rows);
  const { chunks, length } = sumOrder(problem);
  const tiles = threads[0] * threads[1];
  const bias = addition(problem) === 'bias' ? ` + ${biasVector(problem, 'n0')}` : '';
  const body = `var<workgroup> parts: array<vec4f, ${chunks * rows * tiles}>;
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let n0 = (group.x * ${threads[0]}u + local.x) * ${columns}u;
  let m0 = (group.y * ${threads[1]}u + local.y) * ${rows}u;
  let tile = local.y * ${threads[0]}u + local.x;
${baseOffsets(problem, operands, 'group.z')}
${each(SPLIT_TILE, (r, v) => `  var c${r}_${v} = vec4f(0.0);`)}
  let start = local.z * ${length}u;
  for (var k = start; k < min(start + ${length}u, ${K}u); k += 4u) {
${fourSteps(problem, operands, SPLIT_TILE)}
  }
${each(SPLIT_TILE, (r, v) => `  parts[(local.z * ${rows}u + ${r}u) * ${tiles}u + tile] = c${r}_${v};`)}
  workgroupBarrier();
  if (local.z >= ${rows}u) { return; }
  var sum = vec4f(0.0);
  for (var chunk = 0u; chunk < ${chunks}u; chunk++) { sum += parts[(chunk * ${rows}u + local.z) * ${tiles}u + tile]; }
  store(group.z, m0 + local.z, n0, sum${bias});
}`;
  return matmulShader(problem, operands, { name: 'split', workgroupSize: [threads[0], threads[1], chunks], body });
}
