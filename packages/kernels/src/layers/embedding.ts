import { embedding } from '../operations/embedding.ts';
import type { Arena, Initialiser, Slot } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { randomNormal } from './initialisers.ts';

/** A learnt row of features for each symbol of an alphabet. */
export interface EmbeddingLayer {
  /** (V, D). */
  readonly table: Slot;
  /** @param ids (...) u32, each below V @returns (..., D) */
  apply(ids: Tensor): Tensor;
}

/**
 * Rows of a table by number, of symbols or of positions.
 *
 * @param name the slot is `name/table`
 * @param vocabulary V
 * @param features D
 * @param options.initialiser a normal distribution of deviation 0.02, as in GPT-2, by default
 */
export function embeddingLayer(
  arena: Arena,
  name: string,
  vocabulary: number,
  features: number,
  { initialiser = randomNormal(0.02) }: { readonly initialiser?: Initialiser } = {},
): EmbeddingLayer {
  const table = arena.add(`${name}/table`, [vocabulary, features], initialiser);
  return { table, apply: (ids) => embedding(ids.graph.variable(table), ids) };
}
