import { KernelError } from '../../errors.ts';
import { read, readWrite, wgslFloat } from '../../kernels/kernel.ts';
import { requireShape, requireType } from '../../trace/checks.ts';
import { SLOT_ALIGNMENT, type Slot } from '../../trace/memory.ts';
import { onceDifferentiable } from '../../trace/operation.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Operation, Tensor } from '../../trace/trace.ts';
import { arenaSteps, requireArenas } from './arena-step.ts';
import { clipping } from './clip.ts';

/** Settings of Adam; the defaults are those of its paper. */
export interface AdamOptions {
  /** Decay of the first moment. */
  readonly beta1?: number;
  /** Decay of the second moment. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Share of itself that a parameter loses at a rate of 1 (AdamW); default 0. */
  readonly weightDecay?: number;
  /**
   * Which slots of the parameters decay; default all. Biases and the scales of norms usually do not:
   * `({ shape }) => shape.length > 1`.
   */
  readonly decays?: (slot: Slot) => boolean;
}

/** What Adam needs, each a whole arena of one layout (`Graph.flat`). */
export interface AdamState {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** Zeros before the first step. */
  readonly firstMoment: Tensor;
  /** Zeros before the first step. */
  readonly secondMoment: Tensor;
}

/**
 * One step of Adam (Kingma and Ba, arXiv 1412.6980) on all parameters, in one dispatch for as much as fits a binding,
 * after scaling the gradients so that their global norm is at most `clipNorm` (Pascanu et al., arXiv 1211.5063):
 *
 *     g = gradient min(1, clipNorm / norm)
 *     m += (1 - beta1) (g - m)      v += (1 - beta2) (g^2 - v)
 *     parameter -= rate (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon) + weightDecay parameter)
 *
 * The decay is decoupled from the moments, which makes this AdamW (Loshchilov and Hutter, arXiv 1711.05101).
 *
 * @param schedule (3) f32 input: learning rate, 1 / (1 - beta1^t), 1 / (1 - beta2^t); see `adamSchedule`
 * @param norm the gradients' norm, scalar
 * @param clipNorm Infinity turns clipping off
 * @throws KernelError `shape` if the arenas differ in size or are no whole ones
 */
export function adam(
  state: AdamState,
  schedule: Tensor,
  norm: Tensor,
  clipNorm: number,
  options: AdamOptions = {},
): void {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decays } = options;
  const { parameters, gradients, firstMoment, secondMoment } = state;
  const decayed = decays === undefined || weightDecay === 0 ? [] : [decayedGroups(parameters, decays)];
  const inputs = [parameters, gradients, firstMoment, secondMoment, schedule, norm, ...decayed];
  schedule.graph.apply(adamOperation, inputs, { clipNorm, beta1, beta2, epsilon, weightDecay });
}

/** Values for adam's `schedule` at a step counted from 1. */
export function adamSchedule(
  step: number,
  learningRate: number,
  { beta1 = 0.9, beta2 = 0.999 }: AdamOptions = {},
): Float32Array<ArrayBuffer> {
  if (!(Number.isInteger(step) && step >= 1)) {
    throw new KernelError('schedule', `adamSchedule: steps are whole numbers from 1 on, got ${step}.`);
  }
  return Float32Array.of(learningRate, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step));
}

export const adamOperation: Operation<Required<Omit<AdamOptions, 'decays'>> & { clipNorm: number }> = {
  name: 'adam',
  changesInputs: [0, 2, 3],
  outputs([parameters, gradients, firstMoment, secondMoment, schedule, norm]) {
    requireArenas('adam', { parameters, gradients, firstMoment, secondMoment }, { norm });
    requireType(schedule, 'f32', 'adam', 'schedule');
    requireShape(elementCount(schedule.shape) === 3, 'adam', 'schedule must have 3 elements', schedule);
    return [];
  },
  kernels(node, context) {
    const { clipNorm, beta1, beta2, epsilon, weightDecay } = node.attributes;
    const [parameters, gradients, first, second, schedule, norm, decayed] = node.inputs;
    const clip = clipping(clipNorm, norm);
    // With no decay the term is left out, so that it costs nothing.
    const share = (before: number) =>
      decayed === undefined ? '' : ` * load_decayed((${before}u + index) / ${SLOT_ALIGNMENT / 4}u)`;
    const decay = (before: number) =>
      weightDecay === 0
        ? ''
        : ` + ${wgslFloat(weightDecay)} * load_schedule(0)${share(before)} * load_parameters(index)`;
    return arenaSteps(
      'adam',
      context,
      [
        [readWrite('parameters', 4), parameters],
        [read('gradients', 4), gradients],
        [readWrite('first', 4), first],
        [readWrite('second', 4), second],
        [read('schedule'), schedule],
        ...clip.operands,
        ...(decayed === undefined ? [] : [[read('decayed'), decayed] as const]),
      ],
      (before) => `  let gradient = load_gradients(index) * ${clip.factor};
  let m = fma(vec4f(${wgslFloat(1 - beta1)}), gradient - load_first(index), load_first(index));
  let v = fma(vec4f(${wgslFloat(1 - beta2)}), gradient * gradient - load_second(index), load_second(index));
  store_first(index, m);
  store_second(index, v);
  store_parameters(index, load_parameters(index) - (load_schedule(0) * m * load_schedule(1) / (sqrt(v * load_schedule(2)) + ${wgslFloat(epsilon)})${decay(before)}));`,
    );
  },
  backward: onceDifferentiable,
};

/** 1 or 0 for each 128 elements of the arena, none of which two slots share. */
function decayedGroups({ graph, source, shape }: Tensor, decays: (slot: Slot) => boolean): Tensor {
  const arena = source.kind === 'slot' ? source.slot.arena : undefined;
  if (arena === undefined || arena.elements !== elementCount(shape)) {
    throw new KernelError(
      'shape',
      'adam: to choose what decays, the parameters must be a whole arena, see Graph.flat.',
    );
  }
  const groups = new Float32Array(arena.elements / SLOT_ALIGNMENT);
  for (const slot of arena.slots.filter(decays)) {
    const first = slot.offset / SLOT_ALIGNMENT;
    groups.fill(1, first, first + Math.ceil(elementCount(slot.shape) / SLOT_ALIGNMENT));
  }
  return graph.constant(groups, [groups.length]);
}
