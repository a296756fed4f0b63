import {
  add,
  type Device,
  divide,
  Graph,
  gradients,
  type MemoryLimits,
  MemoryPool,
  type Plan,
  plan,
  reshape,
  type Segment,
  slice,
  type Tensor,
} from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import { fieldInputs, laneAxis } from '../examples.ts';
import { type HalfStorage, lengthsOf, requireShape } from './settings.ts';
import type { Trainee } from './trainee.ts';

export interface TrainingShape {
  /** Sequences side by side, B. */
  readonly batch: number;
  /**
   * Units of each, T: predicted events, unless the model's examples say otherwise. Of several lengths a step has one:
   * each sequence gets the shortest that holds it, and `batch` sequences of the same length make a batch.
   */
  readonly length: number | readonly number[];
  /**
   * Sequences that go through the model at once; it divides `batch`, which is also what it is if left out. With fewer,
   * the parts of a batch run one after another in less memory, and their gradients add up to those of the batch.
   */
  readonly microBatch?: number | undefined;
  /** What is stored in 16 bits, where the device has the feature `shader-f16`; arithmetic stays in 32. */
  readonly half?: HalfStorage | undefined;
}

export interface PlanTrainingOptions {
  readonly limits?: MemoryLimits | undefined;
  /** Segments of each part's forward pass that are computed again in its backward pass, as `gradients` takes them. */
  readonly recompute?: readonly Segment[] | undefined;
  /** Memory that other steps use in turn. */
  readonly pool?: MemoryPool | undefined;
}

/** One training step on paper. Its history holds (loss, gradient norm) of each run. */
export interface TrainingPass {
  readonly plan: Plan;
  /** Units of each sequence. */
  readonly length: number;
  /** Of the first micro-batch: its share of the batch's loss. */
  readonly loss: Tensor;
  /** For each field of the model's examples an input, for the whole batch. */
  readonly fields: Readonly<Record<string, Tensor>>;
  /** Input (1): the weight of the batch. */
  readonly weight: Tensor;
  /** For each micro-batch an input (1) u32, new each step. */
  readonly seeds: readonly Tensor[];
  /** Input for the optimiser's values of the step. */
  readonly schedule: Tensor;
}

/** Steps of a training for sequences of each length, the longest first. */
export type TrainingPasses = readonly [TrainingPass, ...TrainingPass[]];

/**
 * The steps of a training, one for each length, the longest first. They use the same activation memory in turn, so that
 * all together take what the longest does but for inputs, uniforms and histories.
 *
 * @throws as `planTraining`
 */
export function planTrainings(
  trainee: Trainee,
  shape: TrainingShape,
  options: PlanTrainingOptions = {},
): TrainingPasses {
  const pool = new MemoryPool();
  const [longest, ...others] = lengthsOf(shape).toReversed();
  const passOf = (length: number) => planTraining(trainee, { ...shape, length }, { ...options, pool });
  return [passOf(longest), ...others.map(passOf)];
}

/**
 * Traces loss, backward pass, clipping and the optimiser's step, and plans their memory.
 *
 * @throws ModelError if a size is outside its limits, or the micro-batch does not divide the batch
 * @throws KernelError `limit` if a value is larger than the limits allow
 */
export function planTraining(
  { model, optimiser, settings }: Trainee,
  shape: TrainingShape & { readonly length: number },
  { limits, recompute, pool }: PlanTrainingOptions = {},
): TrainingPass {
  const { batch, length, half } = shape;
  const microBatch = microBatchOf(shape);
  const graph = new Graph();
  const { fields: kinds } = model.examples;
  const fields = fieldInputs(graph, kinds, length, batch);
  const weight = graph.input([1]);
  const variables = graph.variables(model.parameters);

  // The mean is over the whole batch, so that parts with many and with few events weigh as they do in one.
  const seeds: Tensor[] = [];
  const losses: Tensor[] = [];
  let total: Tensor[] | undefined;
  for (let first = 0; first < batch; first += microBatch) {
    const part = (name: string, x: Tensor) =>
      microBatch === batch ? x : slice(x, first, first + microBatch, laneAxis(kinds[name]));
    const seed = graph.input([1], 'u32');
    const parts = Object.fromEntries(Object.entries(fields).map(([name, x]) => [name, part(name, x)]));
    const { objective } = model.trace(graph, parts, { kind: 'training', seed });
    const loss = reshape(divide(objective, weight), []);
    total = gradients(loss, variables, { onto: total, recompute });
    seeds.push(seed);
    losses.push(loss);
  }

  const { schedule, norm } = optimiser.step(total ?? [], { clipNorm: settings.optimiser.clipNorm });
  const planned = plan(graph, {
    history: [losses.reduce((one, other) => add(one, other)), norm],
    ...(limits && { limits }),
    pool,
    half: {
      activations: half === 'activations' || half === 'both',
      weights: half === 'weights' || half === 'both',
    },
  });
  return { plan: planned, length, loss: losses[0], fields, weight, seeds, schedule };
}

/** @throws ModelError if something is to be stored in 16 bits, and the device cannot do that */
export function requireHalf(device: Device, half: HalfStorage | undefined): void {
  if (half === undefined || device.features.has('shader-f16')) return;
  throw new ModelError(
    `Training: ${device.adapter.name} cannot store numbers in 16 bits (shader-f16); leave out --half.`,
  );
}

/** Sequences at once. @throws ModelError if a size is outside its limits, or they do not divide the batch */
export function microBatchOf(shape: TrainingShape): number {
  requireShape(shape);
  return shape.microBatch ?? shape.batch;
}
