import type { Dispatch } from '../trace/trace.ts';
import { type LinearKernel, linearVariant, type Variant } from './kernel.ts';

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
