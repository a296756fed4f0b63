import {
  type BatchNormOptions,
  batchNorm,
  batchNormInference,
  type ChannelStatistics,
  storeRunningStatistics,
} from '../operations/normalisation/batch-norm.ts';
import type { Arena, Slot } from '../trace/memory.ts';
import type { Tensor } from '../trace/trace.ts';
import { filled } from './initialisers.ts';

/** Settings of `batchNormLayer`. */
export interface BatchNormLayerOptions extends BatchNormOptions {
  /** How far the running statistics move towards those of each batch, from 0 to 1; default 0.1, as in PyTorch. */
  readonly rate?: number;
}

/** Brings each channel to mean 0 and variance 1 over the batch, then scales and shifts it. */
export interface BatchNormLayer {
  /** (D); starts at 1. */
  readonly scale: Slot;
  /** (D); starts at 0. */
  readonly shift: Slot;
  /** (D) each; the mean starts at 0, the variance at 1. */
  readonly running: ChannelStatistics<Slot>;
  /**
   * While training, the statistics are those of x, and each run moves the running ones towards them; otherwise they are
   * the running ones. The backward pass needs only those of x, so that it may be traced afterwards as usual. Applied to
   * several micro-batches in one graph, the layer takes each as a batch of its own.
   *
   * @param x (..., D)
   * @returns the shape of x
   */
  apply(x: Tensor, options: { readonly training: boolean }): Tensor;
}

/**
 * Batch normalisation with what it learns and what it counts: see `batchNorm`, `storeRunningStatistics` and
 * `batchNormInference`.
 *
 * @param parameters the arena of the slots `name/scale` and `name/shift`, which an optimiser moves
 * @param statistics the arena of the slots `name/mean` and `name/variance`, which it leaves alone; `initialise` it as
 *   well, and keep it in checkpoints
 * @param features D
 */
export function batchNormLayer(
  parameters: Arena,
  statistics: Arena,
  name: string,
  features: number,
  { rate, ...options }: BatchNormLayerOptions = {},
): BatchNormLayer {
  const scale = parameters.add(`${name}/scale`, [features], filled(1));
  const shift = parameters.add(`${name}/shift`, [features]);
  const running = {
    mean: statistics.add(`${name}/mean`, [features]),
    variance: statistics.add(`${name}/variance`, [features], filled(1)),
  };
  return {
    scale,
    shift,
    running,
    apply(x, { training }) {
      const { graph } = x;
      const learnt = [graph.variable(scale), graph.variable(shift)] as const;
      if (training) {
        const batch = batchNorm(x, ...learnt, options);
        storeRunningStatistics(batch, running, rate);
        return batch.output;
      }
      const [mean, variance] = [graph.variable(running.mean), graph.variable(running.variance)];
      return batchNormInference(x, ...learnt, { mean, variance }, options);
    },
  };
}
