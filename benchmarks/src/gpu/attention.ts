import { attention, type Device, Graph, gradients } from '@chipsmith/kernels';
import type { Benchmark } from '../benchmark.ts';
import { graphBenchmark, type Traced, weightedSum } from './prepare-program.ts';
import { type Attention, numbers } from './problems.ts';

/** Eight heads of 64, as in Music Transformer and MusicAutobot. */
export const ATTENTION = { kind: 'attention', heads: 8, depth: 64 } as const;

export const attentionBenchmarks: readonly Benchmark<Device>[] = [256, 1024].map((length) =>
  attentionBenchmark({ ...ATTENTION, length }),
);

export function attentionBenchmark(problem: Attention): Benchmark<Device> {
  const { heads, depth, length } = problem;
  return graphBenchmark(`attention ${heads}x${depth}, L ${length}, training`, problem, traceAttention);
}

/** Forward and backward. */
export function traceAttention({ heads, depth, length }: Attention): Traced {
  const graph = new Graph();
  const shape = [1, length, heads, depth];
  const count = length * heads * depth;
  const [q, k, v] = [0, 1, 2].map((stream) => graph.constant(numbers(count, stream), shape));
  const relative = graph.constant(numbers(count, 3), [heads, length, depth]);
  const output = attention(q, k, v, { causal: true, relative });
  const results = [output, ...gradients(weightedSum(output), [q, k, v, relative])];
  return { graph, results, gigaflop: attentionGigaflop({ heads, depth, length }) };
}

/**
 * Of the entries (i, j) with j <= i: three products forward (q k, q e, p v) and six backward (gradients of v, p, k, e,
 * and q twice), 2 D operations an entry each. Computing scores again is not counted.
 */
export function attentionGigaflop({ heads, depth, length }: Omit<Attention, 'kind'>): number {
  return ((3 + 6) * 2 * depth * heads * ((length * (length + 1)) / 2)) / 1e9;
}
