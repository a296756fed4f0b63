import {
  ancestors,
  type BytesByCategory,
  elementCount,
  KernelError,
  type MemoryLimits,
  type Node,
  type Plan,
  planWithin,
  type Segment,
  totalBytes,
  totalMemory,
} from '@chipsmith/kernels';
import { ModelError } from '../error.ts';
import { planEvaluation } from '../evaluation/evaluator.ts';
import { letThrough } from '../let-through.ts';
import {
  microBatchOf,
  type PlanTrainingOptions,
  planTrainings,
  type TrainingPass,
  type TrainingPasses,
  type TrainingShape,
} from './pass.ts';
import { longestOf, MAX_PARTS } from './settings.ts';
import type { Trainee } from './trainee.ts';

/** All that training holds on the device: the plans of its steps and that of its validations. */
export interface TrainingMemory {
  /** The step of the longest sequences. */
  readonly pass: TrainingPass;
  readonly byCategory: BytesByCategory;
  readonly bytes: number;
}

/** Settings that keep to a budget. */
export interface TrainingFit extends TrainingMemory {
  readonly microBatch: number;
  /** Segments of each micro-batch's forward pass, as `planTraining` takes them. */
  readonly recompute: readonly Segment[];
}

/**
 * What training takes, to the byte, before anything is allocated; undefined if the limits do not allow it.
 *
 * @throws ModelError if the micro-batch does not divide the batch
 */
export function trainingMemory(
  trainee: Trainee,
  shape: TrainingShape,
  options: PlanTrainingOptions = {},
): TrainingMemory | undefined {
  try {
    const evaluation = planEvaluation(trainee.model, longestOf(shape), options.limits).plan;
    return memoryBeside(evaluation, planTrainings(trainee, shape, options));
  } catch (error) {
    if (isLimit(error)) return undefined;
    throw error;
  }
}

/**
 * The settings of a budget: as asked if that fits; else without copies in textures; else what has to be computed again
 * is chosen (`planWithin`); else fewer sequences go through the model at once, as many as fit, again with the least
 * recomputation. A micro-batch that the shape names stays.
 *
 * @param budget in bytes, for everything that training holds on the device
 * @param signal looked at before each plan, of which there may be dozens, of up to a second each
 * @throws ModelError if nothing fits: names the smallest budget that was found to do, and a batch or length that fits
 *   this one
 * @throws KernelError `limit` if no micro-batch is small enough for the limits
 * @throws the signal's reason once it is aborted
 */
export async function fitTraining(
  trainee: Trainee,
  shape: TrainingShape,
  budget: number,
  limits?: MemoryLimits,
  signal?: AbortSignal,
): Promise<TrainingFit> {
  const requested = limits?.textures && trainingMemory(trainee, shape, { limits });
  if (requested && requested.bytes <= budget) return { ...requested, microBatch: microBatchOf(shape), recompute: [] };
  const search = new Search(trainee, longestOf(shape), { budget, limits: withoutTextures(limits), signal });
  const best = await search.best(shape, microBatches(shape));
  if (best.bytes <= budget) return best;
  const { batch, length } = shape;
  const again = Math.round(100 * recomputedShare(best.pass));
  const how = `micro-batch ${best.microBatch}, ${again} % of the forward pass computed again`;
  const needed = `Training with batch ${batch} and length ${length} needs at least ${megabytes(best.bytes)} (${how})`;
  throw new ModelError(`${needed}; ${budget / 1e6} MB are allowed: ${await remedy(search, shape, best)}.`);
}

/**
 * The limits under which a training with these settings keeps to its budget: copies of operands in textures, which
 * change no number, are left out where there is no room for them.
 *
 * @param budget in bytes; null where there is none
 */
export function limitsWithin(
  trainee: Trainee,
  shape: TrainingShape,
  { budget, limits, recompute }: { budget: number | null; limits: MemoryLimits; recompute: readonly Segment[] },
): MemoryLimits {
  if (budget === null || limits.textures === undefined) return limits;
  const memory = trainingMemory(trainee, shape, { limits, recompute });
  return memory !== undefined && memory.bytes <= budget ? limits : withoutTextures(limits);
}

function withoutTextures<Limits extends MemoryLimits | undefined>(limits: Limits): Limits {
  return limits && { ...limits, textures: undefined };
}

/** Share of the forward pass that the backward pass computes again, 0..1, by the number of values. */
export function recomputedShare({ plan, loss }: TrainingPass): number {
  const forward = new Set(ancestors(loss));
  const derivatives = new Set([...loss.graph.backward.values()].flat());
  let [computed, again] = [0, 0];
  for (const { source, shape } of plan.nodes.flatMap(({ outputs }) => outputs)) {
    if (source.kind !== 'node') continue;
    const { node } = source;
    if (node.operation.alias?.(node) !== undefined) continue;
    if (forward.has(node)) computed += elementCount(shape);
    else if (isCopy(node, forward, derivatives)) again += elementCount(shape);
  }
  return again / computed;
}

function isCopy(node: Node, forward: ReadonlySet<Node>, derivatives: ReadonlySet<Node>): boolean {
  return node.origin !== undefined && forward.has(node.origin) && !derivatives.has(node);
}

function memoryBeside(evaluation: Plan, passes: TrainingPasses): TrainingMemory {
  const byCategory = totalMemory([...passes.map(({ plan }) => plan), evaluation]);
  return { pass: passes[0], byCategory, bytes: totalBytes(byCategory) };
}

/** Undefined where a value or a grid is larger than the limits allow. */
async function withinLimits<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isLimit(error)) return undefined;
    throw error;
  }
}

function isLimit(error: unknown): boolean {
  return error instanceof KernelError && error.code === 'limit';
}

/** Sequences at once that may be tried, the most first: divisors of the batch, or the one that was asked for. */
function microBatches(shape: TrainingShape): number[] {
  const most = microBatchOf(shape);
  if (shape.microBatch !== undefined) return [most];
  const sizes = Array.from({ length: most }, (_, index) => most - index);
  return sizes.filter((size) => most % size === 0 && most / size <= MAX_PARTS);
}

/**
 * With more parts than these, memory is reckoned from two plans of few parts: a plan of 64 takes seconds, and many are
 * tried.
 */
const FEW_PARTS = 3;

/** A reckoning may be so much above the budget before the plan of all parts, which says it to the byte, is not made. */
const SLACK = 1.01;

/** The smallest memory that was found for a micro-batch. */
interface Reckoning {
  readonly plan: Plan;
  readonly loss: TrainingPass['loss'];
  readonly shape: TrainingShape & { readonly microBatch: number };
  readonly recompute: readonly Segment[];
  readonly bytes: number;
}

interface SearchOptions {
  readonly budget: number;
  readonly limits: MemoryLimits | undefined;
  readonly signal: AbortSignal | undefined;
}

class Search {
  readonly #trainee: Trainee;
  readonly #budget: number;
  readonly #limits: MemoryLimits | undefined;
  readonly #evaluation: Plan;
  readonly #signal: AbortSignal | undefined;

  constructor(trainee: Trainee, length: number, { budget, limits, signal }: SearchOptions) {
    this.#signal = signal;
    this.#trainee = trainee;
    this.#budget = budget;
    this.#limits = limits;
    this.#evaluation = planEvaluation(trainee.model, length, limits).plan;
  }

  /**
   * With the first of the micro-batches that fits the budget, or else with that which takes least.
   *
   * @throws KernelError `limit` if all are above the limits
   */
  async best(shape: TrainingShape, sizes: readonly number[]): Promise<TrainingFit> {
    const { fit, least } = await this.#look(shape, sizes);
    return fit ?? this.#fitOf(least ?? (await this.#reckon({ ...shape, microBatch: sizes[sizes.length - 1] })));
  }

  async fits(shape: TrainingShape, sizes: readonly number[]): Promise<boolean> {
    return (await this.#look(shape, sizes)).fit !== undefined;
  }

  async #look(shape: TrainingShape, sizes: readonly number[]): Promise<{ fit?: TrainingFit; least?: Reckoning }> {
    let least: Reckoning | undefined;
    for (const microBatch of sizes) {
      const reckoning = await withinLimits(() => this.#reckon({ ...shape, microBatch }));
      if (reckoning === undefined) continue;
      if (reckoning.bytes <= this.#budget * SLACK) {
        const fit = await withinLimits(async () => this.#fitOf(reckoning));
        if (fit !== undefined && fit.bytes <= this.#budget) return { fit };
      }
      if (least === undefined || reckoning.bytes < least.bytes) least = reckoning;
    }
    return least === undefined ? {} : { least };
  }

  async #reckon(shape: Reckoning['shape']): Promise<Reckoning> {
    const { microBatch } = shape;
    const parts = shape.batch / microBatch;
    const few = Math.min(parts, FEW_PARTS);
    const trace = (recompute: readonly Segment[]): Reckoning => {
      const ofParts = (count: number) => this.#memory({ ...shape, batch: count * microBatch }, recompute);
      const { pass, bytes } = ofParts(few);
      const more = parts > few ? (parts - few) * (bytes - ofParts(few - 1).bytes) : 0;
      return { plan: pass.plan, loss: pass.loss, shape, recompute, bytes: bytes + more };
    };
    const pause = () => letThrough(this.#signal);
    return (await planWithin(this.#budget, trace, ({ bytes }) => bytes, pause)).pass;
  }

  #fitOf({ shape, recompute }: Reckoning): TrainingFit {
    return { ...this.#memory(shape, recompute), microBatch: shape.microBatch, recompute };
  }

  #memory(shape: TrainingShape, recompute: readonly Segment[]): TrainingMemory {
    return memoryBeside(this.#evaluation, planTrainings(this.#trainee, shape, { limits: this.#limits, recompute }));
  }
}

/** What to change so that the budget is kept. */
async function remedy(
  search: Search,
  { batch, length, microBatch, half }: TrainingShape,
  best: TrainingFit,
): Promise<string> {
  if (microBatch !== undefined && (await search.fits({ batch, length, half }, microBatches({ batch, length })))) {
    return 'leave out --micro-batch';
  }
  // Memory is least near the same micro-batch, or, with fewer parts, below it.
  const fits = (shape: TrainingShape) => {
    const sizes = microBatches(shape).filter((size) => size <= best.microBatch);
    return search.fits(shape, sizes.slice(0, 3));
  };
  const options = [
    ...(await largest(batch, (size) => fits({ batch: size, length, half }))).map((size) => `--batch ${size}`),
    ...(await largest(longestOf({ length }), (size) => fits({ batch, length: size, half }))).map(
      (size) => `--length ${size}`,
    ),
  ];
  if (options.length > 0) return `${options.join(' or ')} fits`;
  const smallest = await fits({ batch: 1, length: 1, half });
  return smallest ? 'lower both --batch and --length' : 'no --batch or --length fits, choose a smaller model';
}

/** The largest of n/2, n/4, ... 1 that fits, where all below one that fits do too; none if 1 does not. */
async function largest(whole: number, fits: (size: number) => Promise<boolean>): Promise<number[]> {
  const sizes: number[] = [];
  for (let size = Math.floor(whole / 2); size >= 1; size = Math.floor(size / 2)) sizes.unshift(size);
  // sizes[low - 1] fits, sizes[high] does not.
  let [low, high] = [0, sizes.length];
  while (low < high) {
    const middle = low === 0 ? 0 : Math.floor((low + high) / 2);
    if (await fits(sizes[middle])) low = middle + 1;
    else high = middle;
  }
  return sizes.slice(0, low).slice(-1);
}

/** Rounded up, so that what is said to be needed is enough. */
function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e5) / 10} MB`;
}
