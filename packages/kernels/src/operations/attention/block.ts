import type { Kernel, Variant } from '../../kernels/kernel.ts';
import type { Choice } from '../../trace/operation.ts';
import { MATMUL_TILES, type MatmulTile } from '../matmul/tile.ts';
import { likelyTile, WORK_FOR_LARGEST } from '../matmul/variants.ts';

/** Sizes and kind of one attention; `keys` >= `queries` where the two have positions in common. */
export interface AttentionProblem {
  readonly batch: number;
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly depth: number;
  readonly causal: boolean;
  /** Rows of the table of relative positions, 0 without; `sharedRelative` if all heads use the same ones. */
  readonly relativeRows: number;
  readonly sharedRelative: boolean;
  readonly hasLengths: boolean;
  readonly hasPositions: boolean;
}

/**
 * Query rows that are worked on at a time. Scores exist for one block only, so that memory grows with the number of keys and
 * not with its square: at 128 rows and a depth of 64 they take twice as much as the keys. Fewer rows would launch more
 * kernels (at length 1024 there are 8 blocks of 3 launches forward and of 6 to 7 backward).
 */
const BLOCK_ROWS = 128;

/** Rows of scores in a block, a multiple of 4: rows beyond the last query see no key. */
export const blockRows = ({ queries }: AttentionProblem): number => Math.min(BLOCK_ROWS, 4 * Math.ceil(queries / 4));

/** Uniforms of every kernel here: the block's first query row, the keys it can see, and 1 for the first block worked on. */
export const UNIFORMS = ['start', 'keys', 'first'] as const;

/** A kernel with its variants, for all blocks; only the grid differs between them. */
export interface BlockKernel {
  variants(keys: number): { readonly likely: Variant; readonly choice: Omit<Choice, 'uniforms'> };
}

/**
 * The largest tiles, of scores and of products. At a depth of 64 an 8x8 tile takes llvmpipe 1.2 (scores) to 1.35 times
 * (slopes) and up to 1.15 times (products) as long; four columns of vec4s a thread would leave half of its lanes idle.
 */
const LARGEST_TILE = MATMUL_TILES[0];
const TALLEST_TILE: MatmulTile = { rows: 16, columns: 8, threads: [8, 8] };

/** What the threads of a kernel cover together. */
export interface BlockGrid {
  readonly layers: number;
  /** Given the number of keys that the block can see. */
  rows(keys: number): number;
  readonly columns: number;
  /** A thread has this part of its tile's columns: product kernels count groups of up to 4. */
  readonly unit: 1 | 4;
}

/**
 * A kernel in the tiles around the likeliest one.
 *
 * @param kind names the kernel in labels and to the tuner
 * @param make WGSL for a tile; every element must come out the same whatever the tile
 */
export function blockKernel(
  problem: AttentionProblem,
  kind: string,
  bindings: Kernel['bindings'],
  make: (tile: MatmulTile) => string,
  { layers, rows, columns, unit }: BlockGrid,
): BlockKernel {
  const { batch, heads, queries, keys, depth, causal } = problem;
  const name = `attention ${kind} ${nameOf(problem)}`;
  const work = (2 * batch * heads * queries * keys * depth) / (causal ? 2 : 1);
  const tiles = [unit === 1 ? LARGEST_TILE : TALLEST_TILE, ...MATMUL_TILES.slice(1)];
  const place = tiles.indexOf(likelyTile({ M: rows(keys), N: columns * unit, batch: layers }));
  const first = Math.max(work < WORK_FOR_LARGEST ? 1 : 0, place - 1);
  const kernels = tiles.slice(first, place + 3).map((tile): [MatmulTile, Kernel] => [
    tile,
    {
      label: `${name} tile ${tile.rows}x${tile.columns}`,
      bindings,
      uniforms: UNIFORMS,
      workgroupSize: [tile.threads[0], tile.threads[1], 1],
      code: make(tile),
    },
  ]);
  return {
    variants(seen) {
      const variants = kernels.map(([tile, kernel]): Variant => {
        const across = Math.min(tile.columns / unit, columns) * tile.threads[0];
        const down = tile.rows * tile.threads[1];
        return { kernel, workgroups: [Math.ceil(columns / across), Math.ceil(rows(seen) / down), layers] };
      });
      return { likely: variants[place - first], choice: { problem: name, work, variants } };
    },
  };
}

/** Sizes and kind as text, for labels and the tuner. */
export function nameOf(problem: AttentionProblem): string {
  const { batch, heads, queries, keys, depth, causal, relativeRows, sharedRelative } = problem;
  const flags = [
    causal && 'causal',
    relativeRows > 0 && `relative ${relativeRows}${sharedRelative ? ' shared' : ''}`,
    problem.hasLengths && 'lengths',
    problem.hasPositions && 'positions',
  ].filter((flag) => flag !== false);
  return [`${batch}x${heads}x${queries}x${keys}x${depth}`, ...flags].join(' ');
}

/** WGSL (i32) of the position of query 0 among the keys. */
export function positionOf({ queries, keys, hasPositions }: AttentionProblem, batch: string): string {
  return hasPositions ? `i32(load_positions(${batch}))` : `${keys - queries}`;
}

/** The row of distance 0: the first one of a causal table, the middle one of one for both directions. */
export function centre({ causal, relativeRows }: AttentionProblem): number {
  return causal ? 0 : (relativeRows - 1) / 2;
}

/** WGSL of the first row of this head's relative positions; `head` must be known. */
export function relativeBase({ sharedRelative, relativeRows }: AttentionProblem): string {
  return sharedRelative ? '0u' : `head * ${relativeRows}u`;
}

/** total + a b as a chain of fma: what `dot` rounds how is up to the driver. */
export const ONTO = {
  1: 'fn onto(a: f32, b: f32, total: f32) -> f32 { return fma(a, b, total); }',
  4: `fn onto(a: vec4f, b: vec4f, total: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, total))));
}`,
} as const;
