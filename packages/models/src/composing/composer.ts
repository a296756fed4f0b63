import type { Encoding } from '@chipsmith/data';
import type { Device, PreparationOptions } from '@chipsmith/kernels';
import type { z } from 'zod';

/** What a person may ask of a model. */
export interface Requests {
  /** Something new. */
  readonly sample: object;
  /** To go on from these events. */
  readonly continue: { readonly primer: readonly number[] };
  /** The same again, through what the model keeps of it. */
  readonly reconstruct: { readonly events: Uint16Array };
  /** Something like a piece. */
  readonly vary: { readonly events: Uint16Array };
  /** Something between two pieces: at 0 the first, at 1 the second. */
  readonly interpolate: { readonly ends: readonly [Uint16Array, Uint16Array]; readonly share: number };
}

export type Task = keyof Requests;

/** What a model can do. A task that it lacks, it cannot do. */
export type Composers = { readonly [Each in Task]?: Composer<Requests[Each]> };

/** What was set of a composer: flat, so that pages and files of tracks can say it. */
export type ComposingSettings = Readonly<Record<string, string | number | boolean>>;

/** One thing that a model can do, many times side by side. */
export interface Composer<Request> {
  /** What can be set, with defaults; command line options and their help come from it. */
  readonly settings: z.ZodObject;
  /**
   * Answers each request by a sequence. What it gives for one depends on that request and its seed only, not on those
   * beside it.
   *
   * @param settings as its schema gives them
   * @throws ModelError if a request cannot be met
   * @throws the signal's reason once it is aborted
   */
  compose(
    requests: readonly (Request & Seeded)[],
    settings: Readonly<Record<string, unknown>>,
    context: ComposeContext,
  ): Promise<Composition[]>;
}

/** What decides everything random about the answer to a request. */
export interface Seeded {
  readonly seed: number;
}

/** What composing takes place in. The model's parameters are on the device. */
export interface ComposeContext {
  readonly device: Device;
  readonly encoding: Encoding;
  /** Most events of each sequence, those given included; at least 2. Models of whole pieces give them whole. */
  readonly length: number;
  /**
   * A sequence ends once so many bars of 4/4 have passed, those given included, in time as `Encoding.barsOf` tells it;
   * if left out with its last event.
   */
  readonly bars?: number | undefined;
  /** Semitones that the encoding moved the music up by that a sequence goes on from; 0 if left out. */
  readonly transposition?: number | undefined;
  /** For each class, how many training sequences start with it. */
  readonly firstEvents: readonly number[];
  /** See `Examples.facts`. */
  readonly facts: Readonly<Record<string, number>>;
  /** Called with the share that is done, 0..1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Called before that, while kernels are measured and compiled. */
  readonly onPreparation?: PreparationOptions['onProgress'];
  readonly signal?: AbortSignal | undefined;
}

/** A sequence that a model made. */
export interface Composition {
  readonly events: Uint16Array;
  /**
   * Mean negative log-likelihood of the events that the model chose, in nats, under the model among what the grammar
   * and the constraints left; undefined where a model gives none, or chose nothing.
   */
  readonly nll?: number | undefined;
}
