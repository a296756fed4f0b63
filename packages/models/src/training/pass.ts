import {
  type Arena,
  adam,
  crossEntropy,
  Graph,
  globalNorm,
  gradients,
  type MemoryLimits,
  type Plan,
  plan,
  reshape,
  store,
  type Tensor,
} from '@chipsmith/kernels';
import type { SequenceModel } from '../model.ts';

export interface TrainingShape {
  /** Sequences side by side, B. */
  readonly batch: number;
  /** Predicted events of each, T. */
  readonly length: number;
}

/** One training step on paper. Its history holds (loss, gradient norm) of each run. */
export interface TrainingPass {
  readonly plan: Plan;
  /** Input (T, B) u32. */
  readonly ids: Tensor;
  /** Input (T B) u32. */
  readonly targets: Tensor;
  /** Input (T B) f32. */
  readonly mask: Tensor;
  /** Input (1) u32, new each step. */
  readonly dropoutSeed: Tensor;
  /** Input (3): `adamSchedule` of the step. */
  readonly schedule: Tensor;
  readonly firstMoment: Arena;
  readonly secondMoment: Arena;
  readonly gradients: Arena;
}

/** Traces loss, backward pass, clipping and Adam, and plans their memory. */
export function planTraining(
  model: SequenceModel,
  { batch, length }: TrainingShape,
  limits?: MemoryLimits,
): TrainingPass {
  const graph = new Graph();
  const ids = graph.input([length, batch], 'u32');
  const targets = graph.input([length * batch], 'u32');
  const mask = graph.input([length * batch]);
  const dropoutSeed = graph.input([1], 'u32');
  const schedule = graph.input([3]);

  const { logits } = model.apply(graph, ids, { dropoutSeed });
  const loss = reshape(crossEntropy(logits, targets, mask), []);
  const { parameters } = model;
  const gradientArena = parameters.mirror('gradients', 'gradients');
  const firstMoment = parameters.mirror('first moment', 'optimiser');
  const secondMoment = parameters.mirror('second moment', 'optimiser');
  const variables = parameters.slots.map((slot) => graph.variable(slot));
  for (const [index, gradient] of gradients(loss, variables).entries()) store(gradient, gradientArena.slots[index]);
  const norm = globalNorm(graph.flat(gradientArena));
  const state = {
    parameters: graph.flat(parameters),
    gradients: graph.flat(gradientArena),
    firstMoment: graph.flat(firstMoment),
    secondMoment: graph.flat(secondMoment),
  };
  adam(state, schedule, norm, model.configuration.optimiser.clipNorm);
  const planned = plan(graph, { history: [loss, norm], ...(limits && { limits }) });
  return {
    plan: planned,
    ids,
    targets,
    mask,
    dropoutSeed,
    schedule,
    firstMoment,
    secondMoment,
    gradients: gradientArena,
  };
}
