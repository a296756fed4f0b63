import { Arena, Graph, multiply, type Slot, store, type Tensor } from '@chipsmith/kernels';
import type { SequenceModel } from './model.ts';

/** A forward pass whose state stays on the device between runs, so that a sequence can go through it in pieces. */
export interface StatefulPass {
  readonly graph: Graph;
  /** Input (T, B) u32. */
  readonly ids: Tensor;
  /** Input (B, 1): 1 goes on from where the lane stands, 0 starts a new sequence in it. */
  readonly keep: Tensor;
  /** (T B, C). */
  readonly logits: Tensor;
  readonly state: Arena;
}

/** Traces the model over `steps` positions of `batch` lanes. */
export function statefulPass(model: SequenceModel, batch: number, steps: number): StatefulPass {
  const graph = new Graph();
  const state = new Arena('state', 'workspace');
  const slots = model.stateShapes(batch).map((shape, index): Slot => state.add(`${index}`, shape));
  const ids = graph.input([steps, batch], 'u32');
  const keep = graph.input([batch, 1]);
  const output = model.apply(graph, ids, { state: slots.map((slot) => multiply(graph.variable(slot), keep)) });
  for (const [index, slot] of slots.entries()) store(output.state[index], slot);
  return { graph, ids, keep, logits: output.logits, state };
}
