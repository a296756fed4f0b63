import { type Encoding, TIME_TOLERANCE } from '@chipsmith/data';

/** What has been written of a sequence, and where in the music that is. */
export class Progress {
  readonly #encoding: Pick<Encoding, 'barsOf' | 'pitchesOf'>;
  readonly #events: Uint16Array;
  #count = 0;
  #bars = 0;
  #notesInBar = 0;
  #lastOnset = 0;
  #chosen = 0;

  /** @param most events that there will be */
  constructor(encoding: Pick<Encoding, 'barsOf' | 'pitchesOf'>, most: number) {
    this.#encoding = encoding;
    this.#events = new Uint16Array(most);
  }

  get events(): Uint16Array {
    return this.#events.subarray(0, this.#count);
  }

  get count(): number {
    return this.#count;
  }

  /** Events that a model chose, and that were not given. */
  get chosen(): number {
    return this.#chosen;
  }

  /** Bars of 4/4 that have passed; see `Encoding.barsOf`. */
  get bars(): number {
    return this.#bars;
  }

  /** Notes that have started since the last bar line. */
  get notesInBar(): number {
    return this.#notesInBar;
  }

  /** When the last note started, in bars; 0 before the first one. */
  get lastOnset(): number {
    return this.#lastOnset;
  }

  /** Bars that would have passed after an event. */
  barsAfter(event: number): number {
    const previous = this.#count > 0 ? this.#events[this.#count - 1] : undefined;
    return this.#bars + this.#encoding.barsOf(event, previous);
  }

  add(event: number, { isChosen = false }: { readonly isChosen?: boolean } = {}): void {
    const notes = this.#encoding.pitchesOf(event).length;
    const bars = this.barsAfter(event);
    if (notes > 0) this.#lastOnset = this.#bars;
    this.#notesInBar = wholeBars(bars) > wholeBars(this.#bars) ? 0 : this.#notesInBar + notes;
    this.#bars = bars;
    this.#events[this.#count++] = event;
    if (isChosen) this.#chosen++;
  }

  copy(): Progress {
    const copy = new Progress(this.#encoding, this.#events.length);
    copy.#events.set(this.events);
    copy.#count = this.#count;
    copy.#bars = this.#bars;
    copy.#notesInBar = this.#notesInBar;
    copy.#lastOnset = this.#lastOnset;
    copy.#chosen = this.#chosen;
    return copy;
  }
}

/** Bars that are complete. */
export function wholeBars(bars: number): number {
  return Math.floor(bars + TIME_TOLERANCE);
}
