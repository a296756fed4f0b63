import { add, categorical, Graph, gather, type MemoryLimits, multiply, plan, store } from '@chipsmith/kernels';
import type { EventNetwork } from '../next-event/network.ts';
import type { EventReading } from '../next-event/reading.ts';
import { carriedState } from './stateful.ts';

/** What a step of sampling can do beside choosing. */
export interface StepOptions {
  /** Whether scores are lowered before the choice: there is an input `penalties`. */
  readonly penalises?: boolean;
  /** Whether lanes go on from where others stand: there is an input `parents`. */
  readonly branches?: boolean;
  readonly limits?: MemoryLimits | undefined;
}

/**
 * A step of sampling, and the memory that it takes, before anything is allocated. The device chooses: only the labels
 * are read back, and the likelihood where it is needed.
 */
export function planSampling(
  network: EventNetwork,
  reading: EventReading,
  lanes: number,
  { penalises = false, branches = false, limits }: StepOptions = {},
) {
  const graph = new Graph();
  const { features, labels } = reading;
  const inputs = features === undefined ? graph.input([1, lanes], 'u32') : graph.input([1, lanes, features]);
  /** The lane that each one goes on from. */
  const parents = branches ? graph.input([lanes], 'u32') : undefined;
  const carried = carriedState(graph, lanes, network.stateShapes(lanes), parents);
  const settings = graph.input([4]);
  const seeds = graph.input([lanes], 'u32');
  const allowed = graph.input([lanes, labels]);
  const penalties = penalises ? graph.input([lanes, labels]) : undefined;
  const counts = graph.input([lanes]);
  const { logits, state } = network.apply(inputs, { state: carried.before });
  carried.store(state);
  const { choice, logProbability } = categorical(logits, settings, seeds, 0, allowed, penalties);
  const logLikelihood = carried.arena.add('log-likelihood', [lanes]);
  const before = graph.variable(logLikelihood);
  const ofParents = parents === undefined ? before : gather(before, parents);
  store(add(ofParents, multiply(logProbability, counts)), logLikelihood);
  const planned = plan(graph, { outputs: [choice], ...(limits && { limits }) });
  return {
    inputs,
    parents,
    carried,
    settings,
    seeds,
    allowed,
    penalties,
    counts,
    choice,
    logLikelihood,
    plan: planned,
  };
}
