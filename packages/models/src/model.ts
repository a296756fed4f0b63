import type { Encoding } from '@chipsmith/data';
import type { Arena, Graph, Shape, Tensor } from '@chipsmith/kernels';
import type { z } from 'zod';
import type { Composers } from './composing/composer.ts';
import type { Examples } from './examples.ts';
import type { OptimiserSettings } from './training/optimiser.ts';

/** How a model is to be made and trained: plain JSON, kept in config.json and in every checkpoint. */
export interface ModelSettings {
  readonly optimiser: OptimiserSettings;
  readonly [setting: string]: unknown;
}

/** A kind of model: what `chipsmith models` lists. One folder each, with a README that cites its source. */
export interface ModelDefinition<Settings extends ModelSettings = ModelSettings> {
  readonly name: string;
  readonly summary: string;
  /** Names of the encodings that it can learn, the usual one first. */
  readonly encodings: readonly [string, ...string[]];
  /** Validates settings and fills in the source's defaults. Command line options and their help come from it. */
  readonly settings: z.ZodType<Settings>;
  /** Sequences in a training step, and units of each (see `Examples`), that suit it. */
  readonly training: { readonly batch: number; readonly length: number };
  /** What its objective is measured in, such as `nats an event`. */
  readonly lossUnit: string;
  /** What the units of its sequences are called: how many it sees in a second is told in them. */
  readonly units: 'events' | 'steps' | 'pieces';
  /** How it sees sequences. Runs in worker threads too, so nothing here may need a device. */
  examples(settings: Settings, encoding: Encoding): Examples;
  create(settings: Settings, encoding: Encoding): Model;
}

/**
 * A network with its objective, and what can be asked of it. Parameters live in its arena, whatever device they are on.
 */
export interface Model {
  readonly parameters: Arena;
  /** Values that training measures and does not learn, such as batch norm's running ones. */
  readonly statistics?: Arena | undefined;
  readonly examples: Examples;
  /**
   * Shapes of what goes on from one window of a sequence to the next, for B sequences side by side; all start at zero.
   */
  carriedShapes(batch: number): readonly Shape[];
  /**
   * Appends network and objective to a graph.
   *
   * @param batch tensors of the examples' fields
   */
  trace(graph: Graph, batch: Readonly<Record<string, Tensor>>, mode: Mode): Trace;
  readonly composers: Composers;
}

/** What a trace is for. */
export type Mode =
  /** `seed`: u32 scalar, new in each step and part of a batch, for dropout. Every window starts afresh. */
  | { readonly kind: 'training'; readonly seed: Tensor }
  /** `carried`: in the order of `carriedShapes`. */
  | { readonly kind: 'evaluation'; readonly carried: readonly Tensor[] };

/** What a network makes of a batch. */
export interface Trace {
  /** Scalar: what training lowers, summed over the batch. Divided by the batch's weight it is the loss. */
  readonly objective: Tensor;
  /** Scalars of interest, summed over the batch in the same way. */
  readonly measures: Readonly<Record<string, Tensor>>;
  /** What goes on to the next window, in the order of `carriedShapes`. */
  readonly carried: readonly Tensor[];
}
