import { attention, type Shape } from '../../src/index.ts';
import { TOLERANCE } from '../support/numbers.ts';
import type { OperationCase, Reference } from '../support/verify.ts';

export interface AttentionSetting {
  readonly causal: boolean;
  readonly lengths?: readonly number[];
  readonly positions?: readonly number[];
}

/** Query by query and key by key, as the formula stands. */
export function attentionReference(
  q: Reference,
  k: Reference,
  v: Reference,
  relative: Reference | undefined,
  { causal, lengths, positions }: AttentionSetting,
): Float64Array {
  const [batch, queries, heads, depth] = q.shape;
  const keys = k.shape[1];
  const output = new Float64Array(q.data.length);
  const rows = relative?.shape.at(-2) ?? 0;
  const at = (length: number, b: number, position: number, h: number) => ((b * length + position) * heads + h) * depth;
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < queries; i++) {
        const position = (positions?.[b] ?? keys - queries) + i;
        const seen = Array.from({ length: Math.min(keys, lengths?.[b] ?? keys) }, (_, j) => j);
        const visible = seen.filter((j) => !causal || j <= position);
        const scores = visible.map((j) => {
          const row = position - j + (causal ? 0 : (rows - 1) / 2);
          const table = relative?.shape.length === 3 ? h * rows : 0;
          let total = 0;
          for (let d = 0; d < depth; d++) {
            const near = relative !== undefined && row >= 0 && row < rows;
            const embedding = near ? relative.data[(table + row) * depth + d] : 0;
            total += q.data[at(queries, b, i, h) + d] * (k.data[at(keys, b, j, h) + d] + embedding);
          }
          return total / Math.sqrt(depth);
        });
        const highest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - highest));
        const sum = weights.reduce((total, weight) => total + weight, 0);
        for (const [index, j] of visible.entries()) {
          for (let d = 0; d < depth; d++) {
            output[at(queries, b, i, h) + d] += (weights[index] / sum) * v.data[at(keys, b, j, h) + d];
          }
        }
      }
    }
  }
  return output;
}

interface Sizes {
  readonly batch?: number;
  readonly heads?: number;
  readonly queries: number;
  readonly keys?: number;
  readonly depth?: number;
  /** Rows of relative positions. */
  readonly relative?: number;
  readonly shared?: boolean;
}

function attentionCase(sizes: Sizes, setting: AttentionSetting): OperationCase {
  const { batch = 2, heads = 2, queries, keys = queries, depth = 4, relative, shared = false } = sizes;
  const { causal, lengths, positions } = setting;
  const shapes: Shape[] = [
    [batch, queries, heads, depth],
    [batch, keys, heads, depth],
    [batch, keys, heads, depth],
  ];
  if (relative !== undefined) shapes.push(shared ? [relative, depth] : [heads, relative, depth]);
  return {
    name: [
      causal ? 'causal' : 'full',
      `${batch}x${heads}x${queries}x${keys}x${depth}`,
      ...(relative === undefined ? [] : [`${shared ? 'shared ' : ''}relative ${relative}`]),
      ...(lengths === undefined ? [] : [`lengths ${lengths}`]),
      ...(positions === undefined ? [] : [`positions ${positions}`]),
    ].join(' '),
    shapes,
    range: [-2, 2],
    build: ([q, k, v, table], graph) =>
      attention(q, k, v, {
        causal,
        relative: table,
        lengths: lengths && graph.constant(Uint32Array.from(lengths), [batch]),
        positions: positions && graph.constant(Uint32Array.from(positions), [batch]),
      }),
    reference: ([q, k, v, table]) => attentionReference(q, k, v, table, setting),
    tolerance: TOLERANCE.reduction,
  };
}

/** Around the edges of tiles (4, 8) and of the block of 64 query rows; depths that are and are not whole vec4s. */
export const attentionCases: readonly OperationCase[] = [
  attentionCase({ batch: 1, heads: 1, queries: 1, depth: 1 }, { causal: true }),
  attentionCase({ queries: 9, depth: 8 }, { causal: false }),
  attentionCase({ queries: 7, depth: 5 }, { causal: true }),
  attentionCase({ queries: 5, keys: 3, depth: 3 }, { causal: false }),
  attentionCase({ queries: 8, relative: 8 }, { causal: true }),
  attentionCase({ queries: 9, depth: 3, relative: 6 }, { causal: true }),
  attentionCase({ queries: 7, relative: 9, shared: true }, { causal: false }),
  attentionCase({ queries: 5, depth: 6, relative: 13 }, { causal: false }),
  attentionCase({ queries: 3, keys: 10, relative: 10 }, { causal: true }),
  attentionCase({ queries: 3, keys: 6, relative: 11, shared: true }, { causal: false }),
  attentionCase({ queries: 9, relative: 9 }, { causal: true, lengths: [4, 9] }),
  attentionCase({ queries: 5, keys: 7, depth: 2 }, { causal: false, lengths: [0, 6] }),
  attentionCase({ queries: 2, keys: 9, relative: 9, shared: true }, { causal: true, positions: [0, 6] }),
  attentionCase({ queries: 2, keys: 5, relative: 7 }, { causal: false, lengths: [3, 5], positions: [1, 0] }),
  attentionCase({ queries: 6, keys: 4, depth: 5 }, { causal: true, positions: [0, 2] }),
];
