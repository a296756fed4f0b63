import type { BytesByCategory, TensorData } from '@chipsmith/kernels';
import type { Problem } from './gpu/problems.ts';
import type { Sample, Subject } from './measure.ts';
import type { Result, Share } from './report/results.ts';
import { median, minimum } from './statistics.ts';

/** One row of the report: its name, and how to get ready for it. `Context` is a device or nothing. */
export interface Benchmark<Context> {
  readonly name: string;
  /** What is computed, where peers can be asked for the same. */
  readonly problem?: Problem;
  prepare(context: Context): Promise<Prepared>;
}

/** A benchmark that is ready to be timed. */
export interface Prepared extends Subject {
  /** What one run gets done; `amount` a second, with `unit`, is the throughput. */
  readonly work: Work;
  /** Floating-point operations of one run in units of 10^9, multiplications and additions of matrix products only. */
  readonly gigaflop?: number;
  /** Device memory by category, as planned and as allocated. */
  readonly memory?: { readonly predicted: BytesByCategory; readonly allocated: BytesByCategory };
  /** What a run asks of the device besides computing. */
  readonly demand?: Demand;
  /** What a peer's results must agree with, after exactly one run; there where the benchmark names its problem. */
  results?(): Promise<TensorData[]>;
  /** Uses the result of the last run. @throws BenchmarkError if it is wrong, so that no broken kernel looks fast */
  verify(): Promise<void>;
  /** Frees what `prepare` took. */
  release(): void;
}

/** Launches of kernels, and gigabytes as if each node of the graph read its inputs once and wrote its outputs once. */
export interface Demand {
  readonly launches: number;
  readonly gigabytes: number;
}

export interface Work {
  readonly amount: number;
  readonly unit: string;
}

/** A benchmark computed something wrong. */
export class BenchmarkError extends Error {
  override readonly name = 'BenchmarkError';
}

/** Called with each result as soon as it is there. */
export type OnResult = (result: Result) => void;

/** A limit of the adapter, and samples of it taken in turn with a benchmark's. */
export interface Limit {
  readonly of: Share['of'];
  /** In the unit of `work`, one run's. */
  readonly work: Work;
  readonly samples: readonly Sample[];
}

/** The row of a benchmark from its samples, with the share of the limit that was measured in turn with it. */
export function summarise(
  name: string,
  { work, gigaflop, memory }: Pick<Prepared, 'work' | 'gigaflop' | 'memory'>,
  samples: readonly Sample[],
  limit?: Limit,
): Result {
  const wall = samples.map((sample) => sample.wall);
  const middle = median(wall);
  const rate = ({ amount, unit }: Work) => ({ value: (amount / middle) * 1000, unit });
  const computed: Work | undefined = gigaflop === undefined ? undefined : { amount: gigaflop, unit: 'GFLOP/s' };
  const works = [work, ...(computed === undefined || work.unit === computed.unit ? [] : [computed])];
  const share = limit === undefined ? undefined : shareOf(limit, works, samples);
  return {
    name,
    wall: { minimum: minimum(wall), median: middle },
    cpu: { median: median(samples.map(({ cpu }) => cpu)) },
    rounds: samples.length,
    rates: works.map(rate),
    ...(share === undefined ? {} : { share }),
    ...(memory === undefined ? {} : { memory }),
  };
}

/** The median of the rounds' shares: each round compares neighbours in time, so that passing load divides out. */
function shareOf({ of, work, samples: limits }: Limit, works: readonly Work[], samples: readonly Sample[]) {
  const same = works.find(({ unit }) => unit === work.unit);
  if (same === undefined) return undefined;
  const shares = samples.map(({ wall }, round) => same.amount / wall / (work.amount / limits[round].wall));
  return { of, value: median(shares) };
}
