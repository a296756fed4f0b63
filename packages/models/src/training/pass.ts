import {
  type Arena,
  add,
  crossEntropyRows,
  type Device,
  divide,
  Graph,
  gradients,
  type MemoryLimits,
  maximum,
  multiply,
  optimiser,
  type Plan,
  plan,
  reshape,
  type Segment,
  slice,
  sum,
  type Tensor,
} from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import type { SequenceModel } from '../model.ts';
import { type HalfStorage, requireShape } from './settings.ts';

export interface TrainingShape {
  /** Sequences side by side, B. */
  readonly batch: number;
  /** Predicted events of each, T. */
  readonly length: number;
  /**
   * Sequences that go through the model at once; it divides `batch`, which is also what it is if left out. With fewer, the
   * parts of a batch run one after another in less memory, and their gradients add up to those of the batch.
   */
  readonly microBatch?: number | undefined;
  /** What is stored in 16 bits, where the device has the feature `shader-f16`; arithmetic stays in 32. */
  readonly half?: HalfStorage | undefined;
}

export interface PlanTrainingOptions {
  readonly limits?: MemoryLimits | undefined;
  /** Segments of each part's forward pass that are computed again in its backward pass, as `gradients` takes them. */
  readonly recompute?: readonly Segment[] | undefined;
}

/** One training step on paper. Its history holds (loss, gradient norm) of each run. */
export interface TrainingPass {
  readonly plan: Plan;
  /** Of the first micro-batch: its share of the batch's loss. */
  readonly loss: Tensor;
  /** Input (T, B) u32. */
  readonly ids: Tensor;
  /** Input (T, B) u32. */
  readonly targets: Tensor;
  /** Input (T, B) f32. */
  readonly mask: Tensor;
  /** For each micro-batch an input (1) u32, new each step. */
  readonly dropoutSeeds: readonly Tensor[];
  /** Input (3): `adamSchedule` of the step. */
  readonly schedule: Tensor;
  /** The model's parameters, and what training keeps beside them: gradients and both moments of Adam. */
  readonly arenas: Readonly<Record<'parameters' | 'gradients' | 'firstMoment' | 'secondMoment', Arena>>;
}

/**
 * Traces loss, backward pass, clipping and Adam, and plans their memory.
 *
 * @throws ModelError if a size is outside its limits, or the micro-batch does not divide the batch
 * @throws KernelError `limit` if a value is larger than the limits allow
 */
export function planTraining(
  model: SequenceModel,
  shape: TrainingShape,
  { limits, recompute }: PlanTrainingOptions = {},
): TrainingPass {
  const { batch, length, half } = shape;
  const microBatch = microBatchOf(shape);
  const graph = new Graph();
  const ids = graph.input([length, batch], 'u32');
  const targets = graph.input([length, batch], 'u32');
  const mask = graph.input([length, batch]);
  const dropoutSeeds: Tensor[] = [];
  const { parameters } = model;
  const variables = graph.variables(parameters);

  // The mean is over the whole batch, so that parts with many and with few events weigh as they do in one.
  // A batch that is masked throughout has a loss of 0, and not of 0/0.
  const events = maximum(sum(mask), graph.constant(Float32Array.of(1), []));
  const losses: Tensor[] = [];
  let total: Tensor[] | undefined;
  for (let first = 0; first < batch; first += microBatch) {
    const part = (x: Tensor) => (microBatch === batch ? x : slice(x, first, first + microBatch, 1));
    const rows = (x: Tensor) => reshape(part(x), [length * microBatch]);
    const dropoutSeed = graph.input([1], 'u32');
    const { logits } = model.apply(graph, part(ids), { dropoutSeed });
    const nll = sum(multiply(crossEntropyRows(logits, rows(targets)), rows(mask)));
    const loss = reshape(divide(nll, events), []);
    total = gradients(loss, variables, { onto: total, recompute });
    dropoutSeeds.push(dropoutSeed);
    losses.push(loss);
  }

  const adam = optimiser({ kind: 'adam' }, parameters);
  const { schedule, norm } = adam.step(total ?? [], { clipNorm: model.configuration.optimiser.clipNorm });
  const { firstMoment, secondMoment } = adam.arenas;
  const planned = plan(graph, {
    history: [losses.reduce((one, other) => add(one, other)), norm],
    ...(limits && { limits }),
    half: {
      activations: half === 'activations' || half === 'both',
      weights: half === 'weights' || half === 'both',
    },
  });
  return {
    plan: planned,
    loss: losses[0],
    ids,
    targets,
    mask,
    dropoutSeeds,
    schedule,
    arenas: { parameters, gradients: adam.gradients, firstMoment, secondMoment },
  };
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
