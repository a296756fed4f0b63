import type { Problem, ProblemOf } from '../gpu/problems.ts';
import type { Subject } from '../measure.ts';

/** A problem in another library, ready to be run again and again. */
export interface PeerSubject extends Subject {
  /** Of the last run, in the order and layout that the problem states. */
  results(): Promise<ArrayLike<number>[]>;
  release(): void;
}

/** How a library solves each problem; where it has no such operation, why not. */
export type Solutions = {
  readonly [Kind in Problem['kind']]: ((problem: ProblemOf<Kind>) => PeerSubject) | string;
};
