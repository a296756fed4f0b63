import { LINEAR_ARGUMENTS, LINEAR_INDEX, LINEAR_WORKGROUP, linearGrid, read, readWrite, wgslFloat } from '../kernel.ts';
import { type Operation, onceDifferentiable } from '../operation.ts';
import { elementCount, requireShape, type Tensor } from '../tensor.ts';
import { clipping } from './clip.ts';

export interface SgdOptions {
  /** How much of the velocity a step keeps, from 0 up to 1; default 0.9. */
  readonly momentum?: number;
  /** Looks ahead along the new velocity (Nesterov's method); default false. */
  readonly nesterov?: boolean;
}

/** What gradient descent needs, each a whole arena of one layout (`Graph.flat`). */
export interface SgdState {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** Zeros before the first step. */
  readonly velocity: Tensor;
}

/**
 * One step of stochastic gradient descent with momentum on all parameters in one dispatch, after scaling the gradients so
 * that their global norm is at most `clipNorm` (Sutskever et al., ICML 2013, in the form that keeps the rate out of the
 * velocity):
 *
 *     g = gradient min(1, clipNorm / norm)
 *     velocity = momentum velocity + g
 *     parameter -= rate velocity, or with Nesterov rate (g + momentum velocity)
 *
 * @param rate f32 input of one element, the learning rate
 * @param norm the gradients' norm, scalar
 * @param clipNorm Infinity turns clipping off
 * @throws KernelError `shape` if the arenas differ in size, or the momentum is outside 0 <= momentum < 1
 */
export function sgd(state: SgdState, rate: Tensor, norm: Tensor, clipNorm: number, options: SgdOptions = {}): void {
  const { momentum = 0.9, nesterov = false } = options;
  const inputs = [state.parameters, state.gradients, state.velocity, rate, norm];
  rate.graph.apply(sgdOperation, inputs, { clipNorm, momentum, nesterov });
}

export const sgdOperation: Operation<Required<SgdOptions> & { clipNorm: number }> = {
  name: 'sgd',
  changesInputs: true,
  outputs([parameters, gradients, velocity, rate, norm], { momentum }) {
    const whole = elementCount(parameters.shape) % 4 === 0;
    requireShape(whole, 'sgd', 'parameters must be a whole arena, see Graph.flat', parameters);
    const equal = [gradients, velocity].every(({ shape }) => elementCount(shape) === elementCount(parameters.shape));
    requireShape(equal, 'sgd', 'all arenas must have one layout', parameters, gradients, velocity);
    requireShape(elementCount(rate.shape) === 1, 'sgd', 'rate must have 1 element', rate);
    requireShape(elementCount(norm.shape) === 1, 'sgd', 'norm must be a scalar', norm);
    requireShape(momentum >= 0 && momentum < 1, 'sgd', `0 <= momentum ${momentum} < 1 must hold`, parameters);
    return [];
  },
  kernels(node) {
    const { clipNorm, momentum, nesterov } = node.attributes;
    const [parameters, gradients, velocity, rate, norm] = node.inputs;
    const clip = clipping(clipNorm, norm);
    // Arenas hold whole groups of 128 elements, so that all threads have four.
    const threads = elementCount(parameters.shape) / 4;
    return [
      {
        kernel: {
          label: 'sgd',
          bindings: [
            readWrite('parameters', 4),
            read('gradients', 4),
            readWrite('velocity', 4),
            read('rate'),
            ...clip.bindings,
          ],
          uniforms: [],
          workgroupSize: [LINEAR_WORKGROUP, 1, 1],
          code: `fn main(${LINEAR_ARGUMENTS}) {
  ${LINEAR_INDEX}
  if (index >= ${threads}u) { return; }
  let gradient = gradients[index] * ${clip.factor};
  let moved = fma(vec4f(${wgslFloat(momentum)}), velocity[index], gradient);
  velocity[index] = moved;
  parameters[index] -= rate[0] * ${nesterov ? `fma(vec4f(${wgslFloat(momentum)}), moved, gradient)` : 'moved'};
}`,
        },
        operands: [parameters, gradients, velocity, rate, ...clip.operands],
        uniforms: [],
        workgroups: linearGrid(threads, LINEAR_WORKGROUP),
      },
    ];
  },
  backward: onceDifferentiable,
};
