import type { PlannedBuffer } from './placement.ts';

/**
 * Memory that programs use in turn: where one is larger than the others, all of them take what that one does. No two of
 * them may run at the same time, and what one leaves in its activations, outputs too, lasts until another runs; inputs,
 * histories and arenas stay apart.
 *
 * Plans are given the pool one after another (`plan(graph, { pool })`), the largest best first: a later one takes what
 * is there where that is large enough, and adds to it where it is not.
 */
export class MemoryPool {
  readonly #buffers: PlannedBuffer[] = [];

  /** For each buffer that a plan needs one of the pool, all different: the smallest that holds it, or a new one. */
  homes(needed: readonly PlannedBuffer[]): PlannedBuffer[] {
    const free = new Set(this.#buffers);
    return needed.map((buffer) => {
      const [found] = [...free].filter((home) => holds(home, buffer)).sort((a, b) => a.byteLength - b.byteLength);
      if (found !== undefined) {
        free.delete(found);
        return found;
      }
      const home = { ...buffer, isPooled: true };
      this.#buffers.push(home);
      return home;
    });
  }
}

function holds(home: PlannedBuffer, { byteLength, texture }: PlannedBuffer): boolean {
  if (home.texture === undefined || texture === undefined) {
    return home.texture === texture && home.byteLength >= byteLength;
  }
  return home.texture.width >= texture.width && home.texture.height >= texture.height;
}
