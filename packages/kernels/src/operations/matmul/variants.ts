import type { Variant } from '../../kernels/kernel.ts';
import type { Dispatch, Tensor } from '../../trace/trace.ts';
import { type MatmulProblem, problemName, sumOrder } from './problem.ts';
import { SPLIT_TILE, splitKernel } from './split.ts';
import { SUBGROUP_COLUMNS, SUBGROUP_THREADS, subgroupKernel } from './subgroup.ts';
import { MATMUL_TILES, type MatmulTile, matmulKernel } from './tile.ts';
import { WORKGROUP_SIDE, workgroupKernel } from './workgroup.ts';

/** The largest tile is tried from here on (floating-point operations): less would not pay for compiling it. */
export const WORK_FOR_LARGEST = 1e8;

/**
 * The largest tile, up to 8x8, that leaves some hundred threads to share the work: what is used unmeasured, and where
 * measuring starts.
 */
export function likelyTile({ M, N, batch }: { M: number; N: number; batch: number }, tiles = MATMUL_TILES): MatmulTile {
  const smallest = tiles[tiles.length - 1];
  const fits = ({ rows, columns }: MatmulTile) =>
    rows <= 8 && batch * Math.ceil(M / rows) * Math.ceil(N / columns) >= 512;
  return tiles.find(fits) ?? smallest;
}

/**
 * c = a b by the likeliest register tile; its variants are the next larger and the two next smaller ones, and other
 * kinds.
 */
export function matmulDispatch(problem: MatmulProblem, inputs: readonly Tensor[], result: Tensor): Dispatch {
  const { M, N, K, batch } = problem;
  const work = 2 * batch * M * N * K;
  // Textures are read in vec4s, also along the rows of a tile.
  const tiles = problem.images ? MATMUL_TILES.filter(({ rows }) => rows % 4 === 0) : MATMUL_TILES;
  const place = tiles.indexOf(likelyTile(problem, tiles));
  const largest = work < WORK_FOR_LARGEST ? 1 : 0;
  const first = Math.min(place, Math.max(largest, place - 1));
  const variants = tiles.slice(first, place + 3).map((tile) => tileVariant(problem, tile));
  const others = { likelyOnCpu: variants[0], otherKinds: otherKinds(problem) };
  const choice = { problem: problemName(problem), work, variants, ...others };
  return { ...variants[place - first], operands: [...inputs, result], uniforms: [], choice };
}

/** What computes a problem with one thread a tile. */
export function tileVariant(problem: MatmulProblem, tile: MatmulTile): Variant {
  const { rows, columns, threads } = tile;
  return { kernel: matmulKernel(problem, tile), workgroups: grid(problem, rows * threads[1], columns * threads[0]) };
}

/** What computes a problem in other ways, alike ones in a line. */
export function otherKinds(problem: MatmulProblem): Variant[][] {
  if (sumOrder(problem).chunks > 1) {
    const { rows, columns, threads } = SPLIT_TILE;
    return [[{ kernel: splitKernel(problem), workgroups: grid(problem, rows * threads[1], columns * threads[0]) }]];
  }
  const shared = ([8, 4] as const).map((size) => ({
    kernel: workgroupKernel(problem, size),
    workgroups: grid(problem, size * WORKGROUP_SIDE, size * WORKGROUP_SIDE),
  }));
  const broadcast = [16, 8].map((rows) => ({
    kernel: subgroupKernel(problem, rows),
    workgroups: grid(problem, rows, SUBGROUP_COLUMNS * SUBGROUP_THREADS),
  }));
  return [shared, broadcast];
}

/** Workgroups that cover c by blocks of rows x columns. */
function grid({ M, N, batch }: MatmulProblem, rows: number, columns: number): Variant['workgroups'] {
  return [Math.ceil(N / columns), Math.ceil(M / rows), batch];
}
