import type { Arena, Graph, Tensor } from '@chipsmith/kernels';
import type { z } from 'zod';

/** What a sequence model gives for a batch: scores of the next event at every position, and where its memory stands. */
export interface SequenceOutput {
  /** (T B, C), time-major. */
  readonly logits: Tensor;
  /** State after the last position, in the order of `stateShapes`. */
  readonly state: readonly Tensor[];
}

export interface SequenceContext {
  /** State before the first position; a fresh start if left out. */
  readonly state?: readonly Tensor[];
  /** u32 scalar, new each training step; without it nothing is dropped. */
  readonly dropoutSeed?: Tensor;
}

/** A model that predicts each event from those before it. Parameters live in its arena, whatever device they are on. */
export interface SequenceModel {
  readonly configuration: ModelConfiguration;
  readonly classes: number;
  readonly parameters: Arena;
  /** Number of trainable values. */
  readonly parameterCount: number;
  /** Starting values for each slot of `parameters`, in order. Same seed, same values. */
  initialise(seed: number): readonly Float32Array<ArrayBuffer>[];
  /** Shapes of the state for B sequences side by side; all start at zero. */
  stateShapes(batch: number): readonly (readonly number[])[];
  /** Appends the network to a graph. @param ids (T, B) u32, each below `classes` */
  apply(graph: Graph, ids: Tensor, context: SequenceContext): SequenceOutput;
}

/** How a model is to be made and trained: plain JSON, kept in config.json and in every checkpoint. */
export interface ModelConfiguration {
  readonly optimiser: {
    readonly learningRate: number;
    /** Global norm to which gradients are clipped. */
    readonly clipNorm: number;
  };
  readonly [setting: string]: unknown;
}

/** A kind of model: what `chipsmith models` lists. One folder each, with a README that cites its source. */
export interface ModelDefinition {
  readonly name: string;
  /** Name of the encoding whose events it speaks. */
  readonly encoding: string;
  readonly summary: string;
  /** Validates settings and fills in the source's defaults. */
  readonly schema: z.ZodType<ModelConfiguration>;
  /** Settings for training that suit it. */
  readonly training: { readonly batch: number; readonly length: number };
  /** The temperature at which its tracks are most like the songs it learnt from; see `chipsmith evaluate --temperatures`. */
  readonly temperature: number;
  /** @param configuration as `configure` gives it */
  create(configuration: ModelConfiguration, classes: number): SequenceModel;
}
