import { Arena, type Graph, gather, multiply, type Shape, type Slot, store, type Tensor } from '@chipsmith/kernels';

/** Memory that stays on the device between runs, so that sequences can go through a network in pieces. */
export interface CarriedState {
  readonly arena: Arena;
  /** Input (B, 1): 1 goes on from where the lane stands, 0 starts a new sequence in it. */
  readonly keep: Tensor;
  /** What a piece starts from. */
  readonly before: readonly Tensor[];
  /** Keeps what a piece ends with, in the order of the shapes. */
  store(after: readonly Tensor[]): void;
}

/**
 * @param lanes B, sequences side by side
 * @param shapes of what is carried, with the axis of the lanes last but one: (..., B, H)
 * @param parents the lane that each lane goes on from, (B) u32; itself if left out
 */
export function carriedState(graph: Graph, lanes: number, shapes: readonly Shape[], parents?: Tensor): CarriedState {
  const arena = new Arena('state', 'workspace');
  const slots = shapes.map((shape, index): Slot => arena.add(`${index}`, shape));
  const keep = graph.input([lanes, 1]);
  const ofParents = (state: Tensor) => (parents === undefined ? state : gather(state, parents, -2));
  return {
    arena,
    keep,
    before: slots.map((slot) => multiply(ofParents(graph.variable(slot)), keep)),
    store: (after) => {
      for (const [index, slot] of slots.entries()) store(after[index], slot);
    },
  };
}
