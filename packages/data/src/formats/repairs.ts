/** Kinds of repair that are named one by one; what is beyond is counted together. */
const MAX_KINDS = 24;
const FURTHER = 'made further repairs';

/** What was put right in a file: how often, and where first. */
interface Repair {
  readonly what: string;
  /** A byte or a line of the file. */
  readonly place: number;
  count: number;
}

/** Counts what was put right while a file was read. */
export class Repairs {
  readonly #kinds = new Map<string, Repair>();
  readonly #sentenceOf: (repair: Repair) => string;

  /** @param sentenceOf `atBytes` or `inLines` */
  constructor(sentenceOf: (repair: Repair) => string) {
    this.#sentenceOf = sentenceOf;
  }

  /** @param what as `sentenceOf` takes it; the same words are one kind */
  add(what: string, place: number, count = 1): void {
    const kind = this.#kinds.has(what) || this.#kinds.size < MAX_KINDS ? what : FURTHER;
    const known = this.#kinds.get(kind);
    if (known) known.count += count;
    else this.#kinds.set(kind, { what: kind, place, count });
  }

  addAll(others: Repairs): void {
    for (const { what, place, count } of others.#kinds.values()) this.add(what, place, count);
  }

  /**
   * One for each kind, in order of their first occurrence. Those that differ only in numbers are of one kind in the
   * report; see byKind.
   */
  sentences(): string[] {
    return [...this.#kinds.values()].map(this.#sentenceOf);
  }
}

/** `skipped 3 bytes (first at byte 22)`: what was done is as `withCount` takes it. */
export function atBytes({ what, place, count }: Repair): string {
  return `${withCount(what, count)} (first at byte ${place})`;
}

/** Words with a count in the place of their #. Letters in brackets are for other counts than 1: `skipped # byte(s)`. */
export function withCount(words: string, count: number): string {
  return words.replace('#', String(count)).replace(/\((e?s)\)/g, count === 1 ? '' : '$1');
}

/** `ignored the tempo "fast", first in line 7 (2 times)` */
export function inLines({ what, place, count }: Repair): string {
  return `${what}, first in line ${place}${count === 1 ? '' : ` (${count} times)`}`;
}
