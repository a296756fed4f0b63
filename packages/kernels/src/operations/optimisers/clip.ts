import { type Binding, read, wgslFloat } from '../../kernels/kernel.ts';
import type { Tensor } from '../../trace/tensor.ts';
import { sumOfSquares } from '../sum.ts';
import { unary } from '../unary.ts';

/** sqrt(sum g^2) over a whole gradient arena: the global norm. Scalar. */
export function globalNorm(gradients: Tensor): Tensor {
  return unary('sqrt', sumOfSquares(gradients));
}

/**
 * What an optimiser's kernel needs to scale gradients so that their global norm is at most `clipNorm` (Pascanu et al., arXiv
 * 1211.5063): the WGSL of the factor, and the operands it reads, none where clipping is turned off by Infinity.
 */
export function clipping(
  clipNorm: number,
  norm: Tensor,
): { factor: string; operands: readonly (readonly [Binding, Tensor])[] } {
  if (clipNorm === Number.POSITIVE_INFINITY) return { factor: '1.0', operands: [] };
  // The bound keeps a norm of zero from dividing.
  const factor = `min(1.0, ${wgslFloat(clipNorm)} / max(load_norm(0), 1e-30))`;
  return { factor, operands: [[read('norm'), norm]] };
}
