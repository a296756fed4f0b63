import type { Choice, Variant } from '../kernels/kernel.ts';
import type { PlannedDispatch } from '../plan/placement.ts';
import type { Node } from '../trace/trace.ts';
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
const MIN_WORK = 3e7;

/** So many processes go on where one had no time to try every variant; what the last one finds is final. */
const TRIES = 4;

/**
 * Work in launches so small that the device is never busy takes so many times as long: steps of an LSTM on two cores.
 */
const SMALL_LAUNCHES = 3;

/** With less time left (ms) nothing is begun. */
const MIN_TIME = 200;

/** Seconds of measuring for each device that is opened, by default. */
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

/** The fastest variant that is known of a class. */
interface Remembered {
  readonly variant: Variant;
  /** Processes that had no time to try every variant. */
  readonly tries: number;
  readonly isFinal: boolean;
}

/** Problems that share a winner. */
interface ProblemClass {
  readonly key: string;
  /** The one with the most work, which is measured for all. */
  hardest: Chosen;
  /** Floating-point operations of one launch of it. */
  launchWork: number;
  /** Floating-point operations of all together, those in small launches counted several times. */
  work: number;
}

/**
 * Chooses among the variants of each kernel by running them on the device: what is fast differs from device to device
 * by more than any rule of thumb can know (over four vendors one fixed matmul tile reached 44 to 80 % of each GPU's
 * best).
 *
 * Variants of a kernel give bit-identical results, so that a choice, and hence a noisy measurement, changes no number.
 * So it may also end at any time: what takes most of the work is measured first, each in its share of the time that is
 * left. What there is no time for uses the likeliest variant or the fastest so far, and the next processes go on from
 * there.
 */
export class Tuner {
  readonly #memory: TuningMemory;
  readonly #clock: () => number;
  readonly #compileTimes = new CompileTimes();
  /** Classes that were measured, with or without an end. */
  readonly #measured = new Set<string>();
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
      ({ hardest, key }) => !this.#measured.has(key) && this.#remembered(device, hardest, key)?.isFinal !== true,
    );
    await this.#measure(
      device,
      unknown.sort((a, b) => b.work - a.work),
      options,
    );
    // The steps of a recurrence share their choice.
    const chosen = new Map<Choice, { readonly key: string | undefined; readonly variant: Variant }>();
    return dispatches.map((dispatch, index) => {
      const { choice } = dispatch;
      const key = keys[index];
      if (choice === undefined) return dispatch;
      const known = chosen.get(choice);
      if (known !== undefined && known.key === key) return known.variant;
      const remembered = key === undefined ? undefined : this.#remembered(device, { dispatch, choice }, key);
      const variant = remembered?.variant ?? likeliest(device, dispatch, this.#compileTimes);
      chosen.set(choice, { key, variant });
      return variant;
    });
  }

  #remembered(device: Device, { choice }: Chosen, key: string): Remembered | undefined {
    // "tile 8x8", or "tile 8x8 ?2" where two processes had no time to try every variant.
    const [, name, tries = '0'] = /^(.*?)(?: \?(\d+))?$/.exec(this.#memory.get(key) ?? '') ?? [];
    const variant = usableVariants(device, choice).find((each) => variantName(each, choice) === name);
    return variant && { variant, tries: Number(tries), isFinal: tries === '0' };
  }

  async #measure(
    device: Device,
    classes: readonly ProblemClass[],
    { onProgress, signal }: PreparationOptions,
  ): Promise<void> {
    const total = classes.length;
    if (total === 0 || this.#left < MIN_TIME) return;
    let rest = classes.reduce((sum, { work }) => sum + work, 0);
    for (const [done, { key, hardest, work, launchWork }] of classes.entries()) {
      signal?.throwIfAborted();
      if (this.#left < MIN_TIME) break;
      const { dispatch, choice } = hardest;
      onProgress?.({ stage: 'measuring', done, total, label: choice.problem, secondsLeft: this.#left / 1000 });
      const start = this.#clock();
      const deadline = start + this.#left * (work / rest);
      const limits = { deadline, clock: this.#clock, compileTimes: this.#compileTimes, signal };
      const known = this.#remembered(device, hardest, key);
      const found = await fastest(device, dispatch, launchWork, known?.variant, limits);
      this.#left -= this.#clock() - start;
      rest -= work;
      if (found === undefined) continue;
      this.#measured.add(key);
      const tries = (known?.tries ?? 0) + 1;
      const isFinal = found.isFinal || tries >= TRIES;
      this.#memory.set(key, `${variantName(found.best, choice)}${isFinal ? '' : ` ?${tries}`}`);
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
    if (choice === undefined || choice.work < MIN_WORK) return undefined;
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
    const perLaunch = chosen.choice.work / launches;
    const work = chosen.choice.work * (perLaunch < MIN_WORK ? SMALL_LAUNCHES : 1);
    const known = classes.get(key) ?? { key, hardest: chosen, launchWork: 0, work: 0 };
    classes.set(key, known);
    known.work += work;
    if (known.launchWork > 0 && chosen.choice.work <= known.hardest.choice.work) continue;
    known.hardest = chosen;
    known.launchWork = perLaunch;
  }
  return [...classes.values()];
}
