import { LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, readWrite, wgslFloat } from '../kernel.ts';
import { type Operation, onceDifferentiable } from '../operation.ts';
import { elementCount, requireShape, type Tensor } from '../tensor.ts';
import { clipping } from './clip.ts';

export interface AdamOptions {
  /** Decay of the first moment. */
  readonly beta1?: number;
  /** Decay of the second moment. */
  readonly beta2?: number;
  readonly epsilon?: number;
  /** Share of itself that a parameter loses at a rate of 1 (AdamW); default 0. Biases and scales decay like the rest. */
  readonly weightDecay?: number;
}

/** What Adam needs, each a whole arena of one layout (`Graph.flat`). */
export interface AdamState {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  readonly firstMoment: Tensor;
  readonly secondMoment: Tensor;
}

/**
 * One step of Adam (Kingma and Ba, arXiv 1412.6980) on all parameters in one dispatch, after scaling the gradients so
 * that their global norm is at most `clipNorm` (Pascanu et al., arXiv 1211.5063):
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
 */
export function adam(
  state: AdamState,
  schedule: Tensor,
  norm: Tensor,
  clipNorm: number,
  options: AdamOptions = {},
): void {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const inputs = [state.parameters, state.gradients, state.firstMoment, state.secondMoment, schedule, norm];
  schedule.graph.apply(adamOperation, inputs, { clipNorm, beta1, beta2, epsilon, weightDecay });
}

/** Values for adam's `schedule` at a step counted from 1. */
export function adamSchedule(
  step: number,
  learningRate: number,
  { beta1 = 0.9, beta2 = 0.999 }: AdamOptions = {},
): Float32Array<ArrayBuffer> {
  return Float32Array.of(learningRate, 1 / (1 - beta1 ** step), 1 / (1 - beta2 ** step));
}

export const adamOperation: Operation<Required<AdamOptions> & { clipNorm: number }> = {
  name: 'adam',
  changesInputs: true,
  outputs([parameters, gradients, first, second, schedule, norm]) {
    const whole = elementCount(parameters.shape) % 4 === 0;
    requireShape(whole, 'adam', 'parameters must be a whole arena, see Graph.flat', parameters);
    const equal = [gradients, first, second].every(
      ({ shape }) => elementCount(shape) === elementCount(parameters.shape),
    );
    requireShape(equal, 'adam', 'all arenas must have one layout', parameters, gradients, first, second);
    requireShape(elementCount(schedule.shape) === 3, 'adam', 'schedule must have 3 elements', schedule);
    requireShape(elementCount(norm.shape) === 1, 'adam', 'norm must be a scalar', norm);
    return [];
  },
  kernels(node) {
    const { clipNorm, beta1, beta2, epsilon, weightDecay } = node.attributes;
    const clip = clipping(clipNorm, node.inputs[5]);
    // Arenas hold whole groups of 128 elements, so that all threads have four.
    const threads = elementCount(node.inputs[0].shape) / 4;
    // With no decay the term is left out, so that it costs nothing.
    const decay = weightDecay === 0 ? '' : ` + ${wgslFloat(weightDecay)} * schedule[0] * parameters[index]`;
    return [
      {
        kernel: {
          label: 'adam',
          bindings: [
            readWrite('parameters', 4),
            read('gradients', 4),
            readWrite('first', 4),
            readWrite('second', 4),
            read('schedule'),
            ...clip.bindings,
          ],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  let gradient = gradients[index] * ${clip.factor};
  let m = fma(vec4f(${wgslFloat(1 - beta1)}), gradient - first[index], first[index]);
  let v = fma(vec4f(${wgslFloat(1 - beta2)}), gradient * gradient - second[index], second[index]);
  first[index] = m;
  second[index] = v;
  parameters[index] -= schedule[0] * m * schedule[1] / (sqrt(v * schedule[2]) + ${wgslFloat(epsilon)})${decay};
}`,
        },
        operands: [...node.inputs.slice(0, 5), ...clip.operands],
        uniforms: [],
        workgroups: linearGrid(threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: onceDifferentiable,
};
