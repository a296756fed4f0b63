import type { Arena } from '../../trace/memory.ts';
import type { Graph } from '../../trace/trace.ts';
import { add, subtract } from '../binary.ts';
import { store } from '../store.ts';
import { scale } from '../sum.ts';

/**
 * Moves an exponential moving average of parameters (Polyak and Juditsky 1992; as Karras et al., arXiv 1710.10196, have
 * it) towards what they are at this place of the trace: average += (1 - decay) (parameters - average). In this form an
 * average of parameters that do not change does not either.
 *
 * @param average an arena of the layout of the parameters, which starts as a copy of them
 * @param decay from 0 up to 1
 */
export function moveAverage(graph: Graph, parameters: Arena, average: Arena, decay: number): void {
  const before = graph.flat(average);
  const moved = add(before, scale(subtract(graph.flat(parameters), before), 1 - decay));
  store(moved, { arena: average, name: average.name, shape: before.shape, offset: 0 });
}
