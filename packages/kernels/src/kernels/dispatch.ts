import type { Tensor } from '../trace/tensor.ts';
import { type LinearKernel, linearVariant, type Variant } from './kernel.ts';

/** One launch of a kernel on tensors, in the order of its bindings. */
export interface Dispatch extends Variant {
  readonly operands: readonly Tensor[];
  readonly uniforms: readonly number[];
  /** Set where other kernels could do the same. */
  readonly choice?: Choice;
}

/**
 * The variants of a dispatch, among which the tuner chooses by measuring. They take the same operands with the same
 * access and must give bit-identical results: every element is computed by the same operations in the same order, only
 * the distribution over threads differs.
 */
export interface Choice {
  /** Names the problem with its sizes: equal text, equal winner on one device. */
  readonly problem: string;
  /** Floating-point operations of all launches of the operation, to which the winner applies. */
  readonly work: number;
  /** Uniforms of the launch that is measured, where the kernels have any. */
  readonly uniforms?: readonly number[];
  /**
   * Ordered so that neighbours are alike; the dispatch's own kernel, which is used unmeasured and hence requires no
   * feature, is one of them.
   */
  readonly variants: readonly Variant[];
  /** The likeliest of them on a CPU, which few threads keep busy: where measuring starts there. */
  readonly likelyOnCpu?: Variant;
  /** Variants that work in other ways, alike ones in a line, the likeliest first. */
  readonly otherKinds?: readonly (readonly Variant[])[];
}

/** Every variant of a dispatch, its own included. */
export function variantsOf(dispatch: Dispatch): readonly Variant[] {
  const { choice } = dispatch;
  return choice === undefined ? [dispatch] : [...choice.variants, ...(choice.otherKinds ?? []).flat()];
}

/** One launch of a linear kernel without uniforms. */
export function linearDispatch({
  operands,
  ...kernel
}: Omit<LinearKernel, 'uniforms'> & Pick<Dispatch, 'operands'>): Dispatch {
  return { ...linearVariant(kernel), operands, uniforms: [] };
}
