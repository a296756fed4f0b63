import type { Arena, Shape, Tensor } from '@chipsmith/kernels';

/** A network that scores what comes next at every position. */
export interface EventNetwork {
  readonly parameters: Arena;
  /** Shapes of its memory for B sequences side by side; all start at zero. */
  stateShapes(batch: number): readonly Shape[];
  /**
   * @param inputs (T, B) u32 classes or (T, B, F) f32 features, as its reading has them
   * @returns `logits` (T B, L), time-major, and the memory after the last position, in the order of `stateShapes`
   */
  apply(inputs: Tensor, context: EventContext): { readonly logits: Tensor; readonly state: readonly Tensor[] };
}

export interface EventContext {
  /** Memory before the first position; a fresh start if left out. */
  readonly state?: readonly Tensor[];
  /** u32 scalar, new each training step; without it nothing is dropped. */
  readonly dropoutSeed?: Tensor;
}
