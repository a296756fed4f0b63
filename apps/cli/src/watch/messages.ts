import type { MetricsPart, RunFacts } from '@chipsmith/models';

/** What the page asks its server for, and what comes back as JSON. */
export interface Answers {
  /** `/runs` */
  readonly runs: readonly RunState[];
  /** `/metrics?run=<name>&file=<n>&offset=<n>`; without file and offset all lines. */
  readonly metrics: MetricsPart;
  /** `/preview?run=<name>&step=<n>` */
  readonly preview: PreviewCards;
}

/** What there is to see of a run but its curves. */
export interface RunState extends RunFacts {
  readonly name: string;
  readonly lossUnit: string;
  readonly units: string;
}

/** The pieces of a preview. */
export interface PreviewCards {
  /** HTML. */
  readonly cards: string;
  /** What the cards play, by name, in base64. */
  readonly files: Readonly<Record<string, string>>;
}
