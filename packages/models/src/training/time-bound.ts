/**
 * The first validation comes after this share of the time at the latest: how long it took tells how much time to leave
 * for the last one.
 */
const FIRST_VALIDATION = 0.1;

/**
 * Steps and validations do not always take equally long; a fifth more is left for the last ones than the longest took.
 */
const MARGIN = 1.2;

/** Looks that come after one step each: the first step may be many times slower than the others. */
const FIRST_LOOKS = 2;

/**
 * How many times as long as the others the first step takes: eight on OpenGL ES in software. Judged by it, a training
 * on a slow or busy machine would end before its second step.
 */
const FIRST_STEP_SLOWER = 8;

/** Losses are read back after so many seconds at the latest: only then it is known how long steps take. */
const SECONDS_BETWEEN_LOOKS = 2;

/**
 * The time that a training may take: tells when to look, to validate and to end, so that the last validation and
 * checkpoint end within it. What they will take is judged by what they took before. Without a bound it has no end and
 * asks for nothing.
 */
export class TimeBound {
  readonly #limit: number;
  readonly #clock: () => number;
  readonly #start: number;
  #looks = 0;
  #stepSeconds = 0;
  #savingSeconds = 0;

  /**
   * The time starts now.
   *
   * @param minutes undefined for no bound
   * @param clock in milliseconds
   */
  constructor(minutes: number | undefined, clock: () => number = () => performance.now()) {
    this.#limit = minutes === undefined ? Number.POSITIVE_INFINITY : 60 * minutes;
    this.#clock = clock;
    this.#start = clock();
  }

  /** Seconds from now to the end; infinite without a bound. */
  get secondsLeft(): number {
    return Math.max(0, this.#limit - this.#seconds);
  }

  /** Share of the time that is over, 0..1; 0 without a bound. */
  get share(): number {
    return Math.min(1, this.#seconds / this.#limit);
  }

  /**
   * Seconds that something else may take and leave enough for another step, the last validation and its checkpoint; for
   * a first validation, of which nothing is known, half of the time is left.
   */
  get secondsToSpare(): number {
    const kept = this.#savingSeconds === 0 ? this.secondsLeft / 2 : MARGIN * (this.#stepSeconds + this.#savingSeconds);
    return this.#isBounded ? Math.max(0, this.secondsLeft - kept) : this.secondsLeft;
  }

  /** @param seconds that each of the last steps took */
  tookSteps(seconds: number): void {
    this.#looks++;
    this.#stepSeconds = this.#looks === 1 ? seconds / FIRST_STEP_SLOWER : seconds;
  }

  /** @param seconds that a validation and its checkpoint took */
  tookValidation(seconds: number): void {
    this.#savingSeconds = Math.max(this.#savingSeconds, seconds);
  }

  /** @param secondsAgo when losses were read back last */
  isLookDue(secondsAgo: number): boolean {
    return this.#isBounded && (this.#looks < FIRST_LOOKS || secondsAgo >= SECONDS_BETWEEN_LOOKS);
  }

  get isFirstValidationDue(): boolean {
    return this.#savingSeconds === 0 && this.share >= FIRST_VALIDATION;
  }

  /**
   * Whether there is no time for another step before the last validation.
   *
   * @param queued steps that the device may not have done yet
   */
  isOver(queued: number): boolean {
    return this.secondsLeft <= MARGIN * ((queued + 1) * this.#stepSeconds + this.#savingSeconds);
  }

  get #isBounded(): boolean {
    return this.#limit < Number.POSITIVE_INFINITY;
  }

  get #seconds(): number {
    return (this.#clock() - this.#start) / 1000;
  }
}
