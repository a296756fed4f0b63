import { layerNorm } from '../operations/normalisation/layer-norm.ts';
import type { Arena, Slot } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { filled } from './initialisers.ts';

/** Brings each row to mean 0 and variance 1, then scales and shifts it: see `layerNorm`. */
export interface NormLayer {
  /** (D); starts at 1. */
  readonly scale: Slot;
  /** (D); starts at 0. */
  readonly shift: Slot;
  /** @param x (..., D) @returns the shape of x */
  apply(x: Tensor): Tensor;
}

/**
 * Layer normalisation with what it learns.
 *
 * @param name the slots are `name/scale` and `name/shift`
 * @param features D
 */
export function normLayer(arena: Arena, name: string, features: number): NormLayer {
  const scale = arena.add(`${name}/scale`, [features], filled(1));
  const shift = arena.add(`${name}/shift`, [features]);
  return { scale, shift, apply: (x) => layerNorm(x, x.graph.variable(scale), x.graph.variable(shift)) };
}
