import type { Variant } from '../kernels/kernel.ts';
import type { PlannedDispatch } from '../plan/placement.ts';
import type { Node } from '../trace/graph.ts';
import type { Choice } from '../trace/operation.ts';
import { CompileTimes } from './compile-times.ts';
import type { AdapterDescription, Device } from './device.ts';
import { fastest, isUsable, likeliest } from './measure.ts';
import type { PreparationOptions } from './preparation.ts';
import { problemClass, variantName } from './problem-class.ts';

/**
 * Where winners are remembered: class of problems -> name of the variant. A Map, a file (tuning-cache.ts) or IndexedDB
 * (tuning-database.ts).
 */
export interface TuningMemory {
  get(problem: string): string | undefined;
  set(problem: string, winner: string): unknown;
}

/** What measured choices hold for: another driver may find another variant fastest. */
export function tuningKey({ backend, name, driver }: AdapterDescription): string {
  return [backend, name, driver].join(' / ');
}

/** Below this many floating-point operations even llvmpipe needs about a millisecond: not worth compiling variants. */
const LEAST_WORK = 3e7;

/** With less time left (ms) nothing is begun. */
const LEAST_TIME = 200;

/** Seconds of measuring for each device that is opened, unless told otherwise. */
const TUNING_SECONDS = 10;

export interface TunerOptions {
  /** Time for all that is measured, in seconds; default 10. */
  readonly seconds?: number | undefined;
  /** Milliseconds; default `performance.now`. */
  readonly clock?: (() => number) | undefined;
}

/** A dispatch that has a choice. */
interface Chosen {
  readonly dispatch: PlannedDispatch;
  readonly choice: Choice;
}

/** Problems that share a winner. */
interface ProblemClass {
  readonly key: string;
  /** The one with the most work, which is measured for all. */
  hardest: Chosen;
  /** Floating-point operations of one launch of it. */
  launchWork: number;
  /** Floating-point operations of all together. */
  work: number;
}

/**
 * Chooses among the variants of each kernel by running them on the device: what is fast differs from device to device
 * by more than any rule of thumb can know (over four vendors one fixed matmul tile reached 44 to 80 % of each GPU's best).
 *
 * Variants of a kernel give bit-identical results, so that a choice, and hence a noisy measurement, changes no number. So it may
 * also end at any time: what takes most of the work is measured first, each in its share of the time that is left, and what
 * there is no time for uses the likeliest variant, and is measured by the next process.
 */
export class Tuner {
  readonly #memory: TuningMemory;
  readonly #clock: () => number;
  readonly #compileTimes = new CompileTimes();
  /** Of the time for measuring, in milliseconds. */
  #left: number;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(memory: TuningMemory, { seconds = TUNING_SECONDS, clock = () => performance.now() }: TunerOptions = {}) {
    this.#memory = memory;
    this.#clock = clock;
    this.#left = 1000 * seconds;
  }

  /**
   * For each dispatch its fastest variant. Programs made at the same time wait for each other, to measure undisturbed.
   *
   * @throws the signal's reason once it is aborted
   */
  choose(
    device: Device,
    dispatches: readonly PlannedDispatch[],
    options: PreparationOptions = {},
  ): Promise<readonly Variant[]> {
    const choose = () => this.#choose(device, dispatches, options);
    const turn = this.#turn.then(choose, choose);
    this.#turn = turn;
    return turn;
  }

  async #choose(
    device: Device,
    dispatches: readonly PlannedDispatch[],
    options: PreparationOptions,
  ): Promise<readonly Variant[]> {
    const keys = keysOf(device, dispatches);
    const unknown = classesOf(dispatches, keys).filter(
      (each) => this.#remembered(device, each.hardest, each.key) === undefined,
    );
    await this.#measure(
      device,
      unknown.sort((a, b) => b.work - a.work),
      options,
    );
    // The steps of a recurrence share their choice.
    const chosen = new Map<Choice, { readonly key: string; readonly variant: Variant }>();
    return dispatches.map((dispatch, index) => {
      const { choice } = dispatch;
      const key = keys[index];
      if (choice === undefined || key === undefined) return dispatch;
      const known = chosen.get(choice);
      if (known?.key === key) return known.variant;
      const remembered = this.#remembered(device, { dispatch, choice }, key);
      const variant = remembered ?? likeliest(device, dispatch, this.#compileTimes);
      chosen.set(choice, { key, variant });
      return variant;
    });
  }

  #remembered(device: Device, { choice }: Chosen, key: string): Variant | undefined {
    const name = this.#memory.get(key);
    return name === undefined
      ? undefined
      : usableVariants(device, choice).find((each) => variantName(each, choice) === name);
  }

  async #measure(
    device: Device,
    classes: readonly ProblemClass[],
    { onProgress, signal }: PreparationOptions,
  ): Promise<void> {
    const total = classes.length;
    if (total === 0 || this.#left < LEAST_TIME) return;
    let rest = classes.reduce((sum, { work }) => sum + work, 0);
    for (const [done, { key, hardest, work, launchWork }] of classes.entries()) {
      signal?.throwIfAborted();
      if (this.#left < LEAST_TIME) break;
      const { dispatch, choice } = hardest;
      onProgress?.({ stage: 'measuring', done, total, label: choice.problem, secondsLeft: this.#left / 1000 });
      const start = this.#clock();
      const deadline = start + this.#left * (work / rest);
      const limits = { deadline, clock: this.#clock, compileTimes: this.#compileTimes, signal };
      const winner = await fastest(device, dispatch, launchWork, limits);
      this.#left -= this.#clock() - start;
      rest -= work;
      if (winner !== undefined) this.#memory.set(key, variantName(winner, choice));
    }
    onProgress?.({ stage: 'measuring', done: total, total, label: '', secondsLeft: 0 });
  }
}

/** Everything among which there is a choice on this device. */
function usableVariants(device: Device, { variants, otherKinds = [] }: Choice): readonly Variant[] {
  return [...variants, ...otherKinds.flat()].filter((variant) => isUsable(device, variant));
}

/** The class of each dispatch; undefined where there is nothing to choose, or too little work. */
function keysOf(device: Device, dispatches: readonly PlannedDispatch[]): (string | undefined)[] {
  const usable = new Map<Choice, readonly Variant[]>();
  return dispatches.map((dispatch) => {
    const { choice } = dispatch;
    if (choice === undefined || choice.work < LEAST_WORK) return undefined;
    const variants = usable.get(choice) ?? usableVariants(device, choice);
    usable.set(choice, variants);
    return variants.length > 1 ? problemClass(dispatch, choice, variants) : undefined;
  });
}

function classesOf(dispatches: readonly PlannedDispatch[], keys: readonly (string | undefined)[]): ProblemClass[] {
  // Each launch of an operation states the work of all of them.
  const operations = new Map<Node, Map<string, Chosen & { readonly key: string; launches: number }>>();
  for (const [index, dispatch] of dispatches.entries()) {
    const { choice, node } = dispatch;
    const key = keys[index];
    if (choice === undefined || key === undefined) continue;
    const problems = operations.get(node) ?? new Map();
    operations.set(node, problems);
    const known = problems.get(choice.problem);
    if (known === undefined) problems.set(choice.problem, { dispatch, choice, key, launches: 1 });
    else known.launches++;
  }
  const classes = new Map<string, ProblemClass>();
  for (const { key, launches, ...chosen } of [...operations.values()].flatMap((problems) => [...problems.values()])) {
    const { work } = chosen.choice;
    const known = classes.get(key) ?? { key, hardest: chosen, launchWork: 0, work: 0 };
    classes.set(key, known);
    known.work += work;
    if (known.launchWork > 0 && work <= known.hardest.choice.work) continue;
    known.hardest = chosen;
    known.launchWork = work / launches;
  }
  return [...classes.values()];
}
