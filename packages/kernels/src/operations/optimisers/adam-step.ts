import { KernelError } from '../../errors.ts';
import type { Tensor } from '../../trace/trace.ts';
import { store } from '../store.ts';
import { type AdamArenas, type AdamOptions, adam, adamState } from './adam.ts';
import { globalNorm } from './clip.ts';

/**
 * All that follows the backward pass in a training step: keeps the gradients in their arena and takes a step of Adam.
 *
 * @param gradients of the parameters, in the order of their slots: `gradients(loss, graph.variables(parameters))`
 * @param options.clipNorm global norm to which gradients are clipped; not at all if left out
 * @returns `schedule`, an input (3) to write `adamSchedule` to before each run, and the gradients' norm before clipping, scalar
 * @throws KernelError `shape` if there is not one gradient for each slot, of its shape
 */
export function adamStep(
  gradients: readonly Tensor[],
  arenas: AdamArenas,
  options: AdamOptions & { readonly clipNorm?: number } = {},
): { schedule: Tensor; norm: Tensor } {
  const { slots } = arenas.gradients;
  if (gradients.length !== slots.length) {
    throw new KernelError('shape', `adamStep: ${slots.length} gradients are needed, got ${gradients.length}.`);
  }
  const { graph } = gradients[0];
  const schedule = graph.input([3]);
  for (const [index, gradient] of gradients.entries()) store(gradient, slots[index]);
  const state = adamState(graph, arenas);
  const norm = globalNorm(state.gradients);
  adam(state, schedule, norm, options.clipNorm ?? Number.POSITIVE_INFINITY, options);
  return { schedule, norm };
}
