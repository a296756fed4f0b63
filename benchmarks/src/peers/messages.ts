import type { Problem } from '../gpu/problems.ts';
import type { Sample } from '../measure.ts';
import type { Digest } from './digest.ts';
import type { PeerName } from './names.ts';

/** What a peer's process is asked. */
export type Request =
  | { readonly kind: 'open'; readonly peer: PeerName; readonly backend: string }
  /** Gets ready, runs once, and answers with a digest of the results. */
  | { readonly kind: 'prepare'; readonly problem: Problem }
  | { readonly kind: 'sample'; readonly runs: number }
  | { readonly kind: 'release' };

/** Why there is no figure: what stands in the cell. */
export const FAILURES = ['missing', 'no backend', 'no such op', 'error', 'crash', 'too slow', 'wrong'] as const;
export type Failure = (typeof FAILURES)[number];

export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'digest'; readonly digest: Digest }
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'failed'; readonly reason: Failure; readonly detail: string };

/** A peer cannot be measured. */
export class PeerFailure extends Error {
  override readonly name = 'PeerFailure';
  readonly reason: Failure;

  constructor(reason: Failure, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}
