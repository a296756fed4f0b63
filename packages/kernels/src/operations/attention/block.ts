import {
  type Binding,
  type Choice,
  LINEAR_ARGUMENTS,
  LINEAR_INDEX,
  LINEAR_WORKGROUP,
  linearGrid,
  read,
  readMatrix,
  rowVectors,
  type Variant,
} from '../../kernels/kernel.ts';
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
  /** Whether blocks of scores change in place. They cannot in textures, which no kernel reads and writes at once. */
  readonly inPlace: boolean;
}

/**
 * Query rows that are worked on at a time. Scores exist for one block only, so that memory grows with the number of
 * keys and not with its square: at 64 rows and a depth of 64 they take as much as the keys. Fewer rows would launch
 * more kernels (at length 1024 there are 16 blocks of 3 launches forward and of 5 to 7 backward) and add to the
 * gradients of keys and values more often; more would compute more scores that are masked (llvmpipe takes as long with
 * 128, and 1.13 times as long with 256).
 */
const BLOCK_ROWS = 64;

/** Rows of scores in a block, a multiple of 4: rows beyond the last query see no key. */
export const blockRows = ({ queries }: AttentionProblem): number => Math.min(BLOCK_ROWS, 4 * Math.ceil(queries / 4));

/**
 * Distances between the rows of a block and the keys that it sees, as far as the table of relative positions has them.
 */
export const blockDistances = (problem: AttentionProblem, seen = problem.keys): number =>
  Math.min(problem.relativeRows, seen + blockRows(problem) - 1);

/** The same in WGSL (i32), of what the block at hand sees. */
export const distancesIn = (problem: AttentionProblem): string =>
  `min(${problem.relativeRows}, i32(uniforms.keys) + ${blockRows(problem) - 1})`;

/**
 * Uniforms of every kernel here: the block's first query row, the keys it can see, and 1 for the first block worked on.
 */
export const UNIFORMS = ['start', 'keys', 'first'] as const;

/** A kernel with its variants, for all blocks; only the grid differs between them. */
export interface BlockKernel {
  variants(keys: number): { readonly likely: Variant; readonly choice?: Omit<Choice, 'uniforms'> };
}

/** Rows are read four at a time. */
const TILES: readonly MatmulTile[] = MATMUL_TILES.filter(({ rows }) => rows % 4 === 0);

/** What the threads of a kernel cover together. */
export interface BlockGrid {
  readonly layers: number;
  /** Rows of a layer, given the number of keys that the block can see, and the same in WGSL. */
  rows(keys: number): number;
  readonly rowsText: string;
  readonly columns: number;
  /** A thread has this part of its tile's columns: product kernels count groups of up to 4. */
  readonly unit: 1 | 4;
}

/** What one thread covers: its part of a tile, no wider than there are columns. */
export interface BlockTile {
  readonly down: number;
  readonly across: number;
}

/**
 * A kernel in the tiles around the likeliest one.
 *
 * @param kind names the kernel in labels and to the tuner
 * @param make WGSL of what a thread does with its tile in `layer`, from row `first` and column `left` on; every element
 *   must come out the same whatever the tile
 */
export function blockKernel(
  problem: AttentionProblem,
  kind: string,
  bindings: readonly Binding[],
  make: (tile: BlockTile) => string,
  { layers, rows, rowsText, columns, unit }: BlockGrid,
  functions = '',
): BlockKernel {
  const { batch, heads, queries, keys, depth, causal } = problem;
  const name = `attention ${kind} ${nameOf(problem)}`;
  const work = (2 * batch * heads * queries * keys * depth) / (causal ? 2 : 1);
  const place = TILES.indexOf(likelyTile({ M: rows(keys), N: columns * unit, batch: layers }, TILES));
  const first = Math.max(work < WORK_FOR_LARGEST ? 1 : 0, place - 1);
  const kernels = TILES.slice(first, place + 3).map((tile) => {
    const [down, across] = [tile.rows, Math.min(tile.columns / unit, columns)];
    const leftTiles = Math.ceil(columns / across);
    // Threads lie in a line, so that all lanes of a vector are busy however few columns there are.
    const code = `${functions}
fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  let row_tiles = (${rowsText} + ${down - 1}u) / ${down}u;
  let left = index % ${leftTiles}u * ${across}u;
  let first = index / ${leftTiles}u % row_tiles * ${down}u;
  let layer = index / (${leftTiles}u * row_tiles);
  if (layer >= ${layers}u) { return; }
${make({ down, across })}
}`;
    const label = `${name} tile ${tile.rows}x${tile.columns}`;
    const workgroupSize = [LINEAR_WORKGROUP, 1, 1] as const;
    return {
      kernel: { label, bindings, uniforms: UNIFORMS, workgroupSize, code },
      threads: (seen: number) => leftTiles * Math.ceil(rows(seen) / down) * layers,
    };
  });
  return {
    variants(seen) {
      const variants = kernels.map(({ kernel, threads }): Variant => {
        return { kernel, workgroups: linearGrid(threads(seen), LINEAR_WORKGROUP) };
      });
      return {
        likely: variants[place - first],
        choice: { problem: name, work, variants, likelyOnCpu: variants[0] },
      };
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

/** A binding of vectors of the problem's depth, one a line; and WGSL of one of their parts of `rowVectors`. */
export const vectorBinding = (name: string, { depth }: AttentionProblem): Binding =>
  depth % 4 === 0 ? readMatrix(name, depth / 4) : read(name);
export const loadVector = (name: string, { depth }: AttentionProblem, line: string, part: string): string =>
  depth % 4 === 0
    ? `load_${name}(${line}, ${part})`
    : `load_${name}((${line}) * ${rowVectors(depth).width}u + ${part})`;

/** WGSL (i32) of the position of query 0 among the keys. */
export function positionOf({ queries, keys, hasPositions }: AttentionProblem, batch: string): string {
  return hasPositions ? `i32(load_positions(${batch}))` : `${keys - queries}`;
}

/** WGSL (i32) of the keys that count of those the block can see. */
export function limitOf({ hasLengths }: AttentionProblem, batch: string): string {
  return hasLengths ? `i32(min(uniforms.keys, load_lengths(${batch})))` : 'i32(uniforms.keys)';
}

/** The row of distance 0: the first one of a causal table, the middle one of one for both directions. */
export function centre({ causal, relativeRows }: AttentionProblem): number {
  return causal ? 0 : (relativeRows - 1) / 2;
}

/** WGSL (i32) of the smallest distance in the block, as a row of the table; `batch` must be known. */
export function nearestOf(problem: AttentionProblem): string {
  return `max(0, ${positionOf(problem, 'batch')} + i32(uniforms.start) + ${centre(problem) + 1} - i32(uniforms.keys))`;
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
