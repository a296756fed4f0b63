import type { z } from 'zod';
import type { Progress } from './progress.ts';

/** What a primer means to a model that can take it otherwise than by going on from it. */
export interface Priming<Settings = unknown> {
  readonly settings: Readonly<Record<string, z.ZodType>>;
  prepare(primer: readonly number[], settings: Settings): Primed;
}

/** What a sequence takes over from a primer. */
export interface Primed {
  /** Its first events, at least one. */
  readonly given: readonly number[];
  /** The event that comes next whatever the model would choose; undefined where it may. Left out if there is none. */
  injectedAfter?(progress: Progress): number | undefined;
}

/** A primer that music goes on from. */
export const GOING_ON: Priming = { settings: {}, prepare: (primer) => ({ given: primer }) };
