import { read, readWrite, wgslFloat } from '../../kernels/kernel.ts';
import { requireShape } from '../../trace/checks.ts';
import { onceDifferentiable } from '../../trace/operation.ts';
import type { Operation, Tensor } from '../../trace/trace.ts';
import { arenaSteps, requireArenas } from './arena-step.ts';
import { clipping } from './clip.ts';

/** Settings of `sgd`. */
export interface SgdOptions {
  /** How much of the velocity a step keeps, from 0 up to 1; default 0.9, or 0 without a velocity. */
  readonly momentum?: number;
  /** Looks ahead along the new velocity (Nesterov's method); default false. */
  readonly nesterov?: boolean;
}

/** What gradient descent needs, each a whole arena of one layout (`Graph.flat`). */
export interface SgdState {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** Zeros before the first step. Plain gradient descent, without momentum, needs none. */
  readonly velocity?: Tensor;
}

/**
 * One step of stochastic gradient descent with momentum on all parameters in one dispatch, after scaling the gradients
 * so that their global norm is at most `clipNorm` (Sutskever et al., ICML 2013, in the form that keeps the rate out of
 * the velocity):
 *
 *     g = gradient min(1, clipNorm / norm)
 *     velocity = momentum velocity + g
 *     parameter -= rate velocity, or with Nesterov rate (g + momentum velocity)
 *
 * @param rate f32 input of one element, the learning rate
 * @param norm the gradients' norm, scalar
 * @param clipNorm Infinity turns clipping off
 * @throws KernelError `shape` if the arenas differ in size, the momentum is outside 0 <= momentum < 1, or it has no
 *   velocity
 */
export function sgd(state: SgdState, rate: Tensor, norm: Tensor, clipNorm: number, options: SgdOptions = {}): void {
  const { parameters, gradients, velocity } = state;
  const { momentum = velocity === undefined ? 0 : 0.9, nesterov = false } = options;
  const inputs = [parameters, gradients, rate, norm, ...(velocity === undefined ? [] : [velocity])];
  rate.graph.apply(sgdOperation, inputs, { clipNorm, momentum, nesterov });
}

export const sgdOperation: Operation<Required<SgdOptions> & { clipNorm: number }> = {
  name: 'sgd',
  changesInputs: [0, 4],
  outputs([parameters, gradients, rate, norm, velocity], { momentum, nesterov }) {
    requireArenas('sgd', { parameters, gradients, ...(velocity === undefined ? {} : { velocity }) }, { rate, norm });
    requireShape(momentum >= 0 && momentum < 1, 'sgd', `0 <= momentum ${momentum} < 1 must hold`, parameters);
    const remembers = velocity !== undefined || (momentum === 0 && !nesterov);
    requireShape(remembers, 'sgd', 'momentum needs a velocity, an arena of the layout of the parameters', parameters);
    return [];
  },
  kernels(node, context) {
    const { clipNorm, momentum, nesterov } = node.attributes;
    const [parameters, gradients, rate, norm, velocity] = node.inputs;
    const clip = clipping(clipNorm, norm);
    const keep = `vec4f(${wgslFloat(momentum)})`;
    const step =
      velocity === undefined
        ? '  store_parameters(index, load_parameters(index) - (load_rate(0) * gradient));'
        : `  let moved = fma(${keep}, load_velocity(index), gradient);
  store_velocity(index, moved);
  store_parameters(index, load_parameters(index) - (load_rate(0) * ${nesterov ? `fma(${keep}, moved, gradient)` : 'moved'}));`;
    return arenaSteps(
      'sgd',
      context,
      [
        [readWrite('parameters', 4), parameters],
        [read('gradients', 4), gradients],
        ...(velocity === undefined ? [] : [[readWrite('velocity', 4), velocity] as const]),
        [read('rate'), rate],
        ...clip.operands,
      ],
      () => `  let gradient = load_gradients(index) * ${clip.factor};\n${step}`,
    );
  },
  backward: onceDifferentiable,
};
