/** Things 0..count - 1 in groups that grow together (disjoint sets with path halving). */
export class Groups {
  readonly #parent: Uint32Array;

  constructor(count: number) {
    this.#parent = Uint32Array.from({ length: count }, (_, index) => index);
  }

  /** The least member of the group that `index` is in. */
  of(index: number): number {
    const parent = this.#parent;
    let root = index;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]];
      root = parent[root];
    }
    return root;
  }

  join(one: number, other: number): void {
    const [a, b] = [this.of(one), this.of(other)];
    this.#parent[Math.max(a, b)] = Math.min(a, b);
  }

  /** Joins all things for which `keyOf` says the same; undefined joins nothing. */
  joinEqual(keyOf: (index: number) => string | undefined): void {
    const first = new Map<string, number>();
    for (const index of this.#parent.keys()) {
      const key = keyOf(index);
      if (key === undefined) continue;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, index);
      else this.join(earlier, index);
    }
  }

  /** The groups of two or more, each in rising order. */
  several(): number[][] {
    const members = new Map<number, number[]>();
    for (const index of this.#parent.keys()) {
      const root = this.of(index);
      members.set(root, [...(members.get(root) ?? []), index]);
    }
    return [...members.values()].filter(({ length }) => length > 1);
  }
}
