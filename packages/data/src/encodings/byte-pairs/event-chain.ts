/** What stands where no event is: before the first, after the last, and between sequences. */
export const NONE = -1;

/**
 * Events in a row, of which two neighbours can be joined to one at once. An event keeps its position when others are
 * joined.
 */
export class EventChain {
  readonly #events: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** @param events class numbers, or NONE between sequences */
  constructor(events: ArrayLike<number>) {
    this.#events = Int32Array.from(events);
    this.#next = Int32Array.from(events, (_, position) => position + 1);
    this.#previous = Int32Array.from(events, (_, position) => position - 1);
  }

  /** The event at a position; NONE outside, and where an event was joined to the one before it. */
  at(position: number): number {
    return this.#events[position] ?? NONE;
  }

  /** Position of the event after the one at this position. */
  next(position: number): number {
    return this.#next[position];
  }

  /** Position of the event before the one at this position; -1 at the first. */
  previous(position: number): number {
    return this.#previous[position];
  }

  /** Whether these two events stand here. */
  hasPair(position: number, first: number, second: number): boolean {
    return this.at(position) === first && this.at(this.#next[position]) === second;
  }

  /** Puts one event in place of the one at this position and the one after it. */
  join(position: number, event: number): void {
    const joined = this.#next[position];
    const after = this.#next[joined];
    this.#events[position] = event;
    this.#events[joined] = NONE;
    this.#next[position] = after;
    if (after < this.#previous.length) this.#previous[after] = position;
  }

  /** The events that are left, in order. */
  toEvents(): Uint16Array {
    return Uint16Array.from(this.#events.filter((event) => event !== NONE));
  }
}
