import type { Metrics, RunStart } from './run-store.ts';

/** What a run tells of itself while somebody watches. */
export interface RunFacts {
  readonly model: string;
  /** What the first of the model's baselines reaches on the validation data; null where there is none. */
  readonly baseline: number | null;
  /** Whether a process is training here now. */
  readonly isTraining: boolean;
  /** Undefined for a run that was made before this was kept. */
  readonly start: RunStart | undefined;
  /** Steps of which there are previews, the first one first. */
  readonly previews: readonly number[];
}

/** Where somebody who follows a run's metrics has come to. */
export interface MetricsPosition {
  /** Tells the file from one that takes its place when the run goes on from an earlier step. */
  readonly file: number;
  /** Bytes that were read. */
  readonly offset: number;
}

export interface MetricsPart {
  /** Whether the lines are the first ones, and not those that follow the earlier ones. */
  readonly isStart: boolean;
  readonly lines: readonly Metrics[];
  readonly position: MetricsPosition;
}
