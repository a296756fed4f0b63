/** What was put right while reading a file, by kind: how often, and where in the file first. */
export class Repairs {
  readonly #kinds = new Map<string, { count: number; readonly byte: number }>();

  /**
   * @param kind a sentence with # where the count goes
   * @param byte where in the file
   */
  add(kind: string, byte: number, count = 1): void {
    const known = this.#kinds.get(kind);
    if (known) known.count += count;
    else this.#kinds.set(kind, { count, byte });
  }

  addAll(others: Repairs): void {
    for (const [kind, { count, byte }] of others.#kinds) this.add(kind, byte, count);
  }

  /** One sentence for each kind, in the order in which they were met. */
  sentences(): string[] {
    return [...this.#kinds].map(
      ([kind, { count, byte }]) => `${kind.replace('#', String(count))} (first at byte ${byte})`,
    );
  }
}
