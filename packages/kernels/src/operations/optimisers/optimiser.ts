import { KernelError } from '../../errors.ts';
import type { Arena } from '../../trace/memory.ts';
import { elementCount } from '../../trace/shape.ts';
import type { Tensor } from '../../trace/trace.ts';
import { store } from '../store.ts';
import { type AdamOptions, adam, adamSchedule } from './adam.ts';
import { globalNorm } from './clip.ts';
import { moveAverage } from './moving-average.ts';
import { type RmspropOptions, rmsprop } from './rmsprop.ts';
import { type SgdOptions, sgd } from './sgd.ts';

/** Which optimiser, and its numbers: see `adam`, `rmsprop` and `sgd` for those and their defaults. */
export type OptimiserSettings = (
  | ({ readonly kind: 'adam' } & AdamOptions)
  | ({ readonly kind: 'rmsprop' } & RmspropOptions)
  | ({ readonly kind: 'sgd' } & SgdOptions)
) & {
  /**
   * How much of an exponential moving average of the parameters a step keeps, from 0 up to 1; there is none if left
   * out.
   */
  readonly averageDecay?: number | undefined;
};

/** Moves parameters by their gradients. All that it remembers from one step to the next lies in arenas. */
export interface Optimiser {
  /**
   * What training goes on from, by name, and a checkpoint keeps: `parameters`; of Adam `firstMoment` and
   * `secondMoment`; of RMSprop `meanSquare`; of RMSprop and SGD with momentum `velocity`; with an average, `average`.
   */
  readonly arenas: Readonly<Record<string, Arena>>;
  /** Made anew by each step. */
  readonly gradients: Arena;
  /**
   * What the arenas hold before the first step, slot by slot: the average the parameters, what is beside them zeros.
   */
  startingValues(
    parameters: readonly Float32Array<ArrayBuffer>[],
  ): Readonly<Record<string, readonly Float32Array<ArrayBuffer>[]>>;
  /**
   * Traces all that follows the backward pass: keeps the gradients, clips them by their global norm, and changes the
   * arenas.
   *
   * @param gradients of the parameters, in the order of their slots: `gradients(loss, graph.variables(parameters))`
   * @param options.clipNorm global norm to which gradients are clipped; not at all if left out
   * @returns `schedule`, an input to write `scheduleValues` to before each run, and the gradients' norm before
   *   clipping, scalar
   * @throws KernelError `shape` if there is not one gradient for each slot, of its shape; `option` unless clipNorm is
   *   above 0
   */
  step(
    gradients: readonly Tensor[],
    options?: { readonly clipNorm?: number | undefined },
  ): { schedule: Tensor; norm: Tensor };
  /** @param step counts from 1 @param learningRate of this step, see `scheduleOf` */
  scheduleValues(step: number, learningRate: number): Float32Array<ArrayBuffer>;
}

/**
 * An optimiser of any kind over a whole arena, so that a training loop need not know which.
 *
 * @throws KernelError `option` for an unknown kind, or a number outside its range
 */
export function optimiser(settings: OptimiserSettings, parameters: Arena): Optimiser {
  const rule = updateRule(settings);
  const { averageDecay } = settings;
  requireShare(settings.kind, { averageDecay });
  const state = rule.state.map((name) => parameters.mirror(name, 'optimiser'));
  const average = averageDecay === undefined ? undefined : parameters.mirror('average', 'optimiser');
  const gradientArena = parameters.mirror('gradients', 'gradients');
  const { slots } = gradientArena;
  return {
    arenas: {
      parameters,
      ...Object.fromEntries(state.map((arena) => [arena.name, arena])),
      ...(average && { average }),
    },
    gradients: gradientArena,
    startingValues(values) {
      const zeros = () => slots.map(({ shape }) => new Float32Array(elementCount(shape)));
      return {
        parameters: values,
        ...Object.fromEntries(rule.state.map((name) => [name, zeros()])),
        ...(average && { average: values.map((data) => data.slice()) }),
      };
    },
    step(gradients, { clipNorm = Number.POSITIVE_INFINITY } = {}) {
      if (gradients.length !== slots.length) {
        throw new KernelError('shape', `optimiser: ${slots.length} gradients are needed, got ${gradients.length}.`);
      }
      if (!(clipNorm > 0)) throw new KernelError('option', `optimiser: clipNorm must be above 0, got ${clipNorm}.`);
      const { graph } = gradients[0];
      const schedule = graph.input([rule.scheduleValues(1, 0).length]);
      for (const [index, gradient] of gradients.entries()) store(gradient, slots[index]);
      const [weights, slopes, ...others] = [parameters, gradientArena, ...state].map((arena) => graph.flat(arena));
      const norm = globalNorm(slopes);
      rule.apply({ parameters: weights, gradients: slopes }, others, schedule, norm, clipNorm);
      if (average !== undefined && averageDecay !== undefined) moveAverage(graph, parameters, average, averageDecay);
      return { schedule, norm };
    },
    scheduleValues: rule.scheduleValues,
  };
}

/** What kinds of optimisers differ in. */
interface UpdateRule {
  /** Names of what it keeps beside the parameters. */
  readonly state: readonly string[];
  scheduleValues(step: number, learningRate: number): Float32Array<ArrayBuffer>;
  apply(
    moved: { readonly parameters: Tensor; readonly gradients: Tensor },
    state: readonly Tensor[],
    schedule: Tensor,
    norm: Tensor,
    clipNorm: number,
  ): void;
}

function updateRule(settings: OptimiserSettings): UpdateRule {
  switch (settings.kind) {
    case 'adam':
      return adamRule(settings);
    case 'rmsprop':
      return rmspropRule(settings);
    case 'sgd':
      return sgdRule(settings);
    default: {
      const { kind } = settings as { kind: unknown };
      throw new KernelError('option', `optimiser: kind must be adam, rmsprop or sgd, got ${kind}.`);
    }
  }
}

function adamRule(options: AdamOptions): UpdateRule {
  const { beta1, beta2, epsilon, weightDecay } = options;
  requireShare('adam', { beta1, beta2 });
  requireWeightDecay('adam', weightDecay);
  requireEpsilon('adam', epsilon);
  return {
    state: ['firstMoment', 'secondMoment'],
    scheduleValues: (step, learningRate) => adamSchedule(step, learningRate, options),
    apply: (moved, [firstMoment, secondMoment], schedule, norm, clipNorm) =>
      adam({ ...moved, firstMoment, secondMoment }, schedule, norm, clipNorm, options),
  };
}

function rmspropRule(options: RmspropOptions): UpdateRule {
  const { alpha, epsilon, momentum = 0, weightDecay } = options;
  requireShare('rmsprop', { alpha, momentum });
  requireWeightDecay('rmsprop', weightDecay);
  requireEpsilon('rmsprop', epsilon);
  return {
    state: momentum === 0 ? ['meanSquare'] : ['meanSquare', 'velocity'],
    scheduleValues: (_step, learningRate) => Float32Array.of(learningRate),
    apply: (moved, [meanSquare, velocity], rate, norm, clipNorm) =>
      rmsprop({ ...moved, meanSquare, ...(velocity && { velocity }) }, rate, norm, clipNorm, options),
  };
}

function sgdRule({ momentum = 0.9, nesterov = false }: SgdOptions): UpdateRule {
  requireShare('sgd', { momentum });
  return {
    state: momentum === 0 ? [] : ['velocity'],
    scheduleValues: (_step, learningRate) => Float32Array.of(learningRate),
    apply: (moved, [velocity], rate, norm, clipNorm) =>
      // Without momentum there is nothing to look ahead along.
      sgd({ ...moved, ...(velocity && { velocity }) }, rate, norm, clipNorm, {
        momentum,
        nesterov: nesterov && momentum > 0,
      }),
  };
}

/** Numbers that a step keeps a share by. @throws KernelError `option` */
function requireShare(kind: string, numbers: Readonly<Record<string, number | undefined>>): void {
  for (const [name, value = 0] of Object.entries(numbers)) {
    if (value >= 0 && value < 1) continue;
    throw new KernelError('option', `${kind}: ${name} must be at least 0 and below 1, got ${value}.`);
  }
}

/** @throws KernelError `option` */
function requireWeightDecay(kind: string, weightDecay = 0): void {
  if (weightDecay >= 0 && weightDecay < Number.POSITIVE_INFINITY) return;
  throw new KernelError('option', `${kind}: weightDecay must be 0 or more, got ${weightDecay}.`);
}

/** The smallest number that no device takes for 0, by which a gradient of 0 would be divided. */
const MIN_EPSILON = 2 ** -126;

/** @throws KernelError `option` */
function requireEpsilon(kind: string, epsilon = 1): void {
  if (epsilon >= MIN_EPSILON && epsilon < Number.POSITIVE_INFINITY) return;
  throw new KernelError('option', `${kind}: epsilon must be at least ${MIN_EPSILON.toPrecision(3)}, got ${epsilon}.`);
}
