import { read, readWrite, wgslFloat } from '../../kernels/kernel.ts';
import { requireShape } from '../../trace/checks.ts';
import { onceDifferentiable } from '../../trace/operation.ts';
import type { Operation, Tensor } from '../../trace/trace.ts';
import { arenaSteps, requireArenas } from './arena-step.ts';
import { clipping } from './clip.ts';

/** Settings of `rmsprop`; the defaults are those of PyTorch. */
export interface RmspropOptions {
  /** How much of the mean square a step keeps, from 0 up to 1; default 0.99. */
  readonly alpha?: number;
  /** Added to the root of the mean square; default 1e-8. */
  readonly epsilon?: number;
  /** How much of the velocity a step keeps, from 0 up to 1; default 0, which needs no velocity. */
  readonly momentum?: number;
  /** Share of each parameter that is added to its gradient (L2 regularisation); default 0. */
  readonly weightDecay?: number;
}

/** What RMSprop needs, each a whole arena of one layout (`Graph.flat`). */
export interface RmspropState {
  readonly parameters: Tensor;
  readonly gradients: Tensor;
  /** Zeros before the first step. */
  readonly meanSquare: Tensor;
  /** Zeros before the first step. Without momentum there is none. */
  readonly velocity?: Tensor;
}

/**
 * One step of RMSprop (Tieleman and Hinton, Neural Networks for Machine Learning, lecture 6.5, 2012) on all parameters
 * in one dispatch, as PyTorch has it, after scaling the gradients so that their global norm is at most `clipNorm`:
 *
 *     g = gradient min(1, clipNorm / norm) + weightDecay parameter
 *     meanSquare += (1 - alpha) (g^2 - meanSquare)
 *     velocity = momentum velocity + g / (sqrt(meanSquare) + epsilon)
 *     parameter -= rate velocity
 *
 * @param rate f32 input of one element, the learning rate
 * @param norm the gradients' norm, scalar
 * @param clipNorm Infinity turns clipping off
 * @throws KernelError `shape` if the arenas differ in size, the momentum is outside 0 <= momentum < 1, or it has no
 *   velocity
 */
export function rmsprop(
  state: RmspropState,
  rate: Tensor,
  norm: Tensor,
  clipNorm: number,
  options: RmspropOptions = {},
): void {
  const { alpha = 0.99, epsilon = 1e-8, momentum = 0, weightDecay = 0 } = options;
  const { parameters, gradients, meanSquare, velocity } = state;
  const inputs = [parameters, gradients, meanSquare, rate, norm, ...(velocity === undefined ? [] : [velocity])];
  rate.graph.apply(rmspropOperation, inputs, { clipNorm, alpha, epsilon, momentum, weightDecay });
}

export const rmspropOperation: Operation<Required<RmspropOptions> & { clipNorm: number }> = {
  name: 'rmsprop',
  changesInputs: [0, 2, 5],
  outputs([parameters, gradients, meanSquare, rate, norm, velocity], { momentum }) {
    const arenas = { parameters, gradients, meanSquare, ...(velocity === undefined ? {} : { velocity }) };
    requireArenas('rmsprop', arenas, { rate, norm });
    requireShape(momentum >= 0 && momentum < 1, 'rmsprop', `0 <= momentum ${momentum} < 1 must hold`, parameters);
    const remembers = velocity !== undefined || momentum === 0;
    const rule = 'momentum needs a velocity, an arena of the layout of the parameters';
    requireShape(remembers, 'rmsprop', rule, parameters);
    return [];
  },
  kernels(node, context) {
    const { clipNorm, alpha, epsilon, momentum, weightDecay } = node.attributes;
    const [parameters, gradients, meanSquare, rate, norm, velocity] = node.inputs;
    const clip = clipping(clipNorm, norm);
    const decay = weightDecay === 0 ? '' : ` + ${wgslFloat(weightDecay)} * load_parameters(index)`;
    const move =
      velocity === undefined
        ? '  let moved = scaled;'
        : `  let moved = fma(vec4f(${wgslFloat(momentum)}), load_velocity(index), scaled);
  store_velocity(index, moved);`;
    return arenaSteps(
      'rmsprop',
      context,
      [
        [readWrite('parameters', 4), parameters],
        [read('gradients', 4), gradients],
        [readWrite('mean_square', 4), meanSquare],
        ...(velocity === undefined ? [] : [[readWrite('velocity', 4), velocity] as const]),
        [read('rate'), rate],
        ...clip.operands,
      ],
      () => `  let gradient = load_gradients(index) * ${clip.factor}${decay};
  let square = fma(vec4f(${wgslFloat(1 - alpha)}), gradient * gradient - load_mean_square(index), load_mean_square(index));
  store_mean_square(index, square);
  let scaled = gradient / (sqrt(square) + ${wgslFloat(epsilon)});
${move}
  store_parameters(index, load_parameters(index) - load_rate(0) * moved);`,
    );
  },
  backward: onceDifferentiable,
};
