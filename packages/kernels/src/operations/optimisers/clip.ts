import { type Binding, read, wgslFloat } from '../../kernels/kernel.ts';
import type { Tensor } from '../../trace/trace.ts';
import { sum } from '../sum.ts';
import { unary } from '../unary.ts';
import { squaredSumsOperation } from './squared-sums.ts';

/**
 * sqrt(sum g^2) over a whole gradient arena: the global norm. Scalar.
 *
 * @throws KernelError `shape` if it is no whole arena
 */
export function globalNorm(gradients: Tensor): Tensor {
  return unary('sqrt', sum(gradients.graph.apply(squaredSumsOperation, [gradients], {})[0]));
}

/**
 * What an optimiser's kernel needs to scale gradients so that their global norm is at most `clipNorm` (Pascanu et al.,
 * arXiv 1211.5063): the WGSL of the factor, and the operands it reads, none where clipping is turned off by Infinity.
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
