import type { BytesByCategory } from '@chipsmith/kernels';
import type { Sample, Subject } from './measure.ts';
import type { Result } from './report/results.ts';
import { median, minimum } from './statistics.ts';

/** One row of the report: its name, and how to get ready for it. `Context` is a device or nothing. */
export interface Benchmark<Context> {
  readonly name: string;
  prepare(context: Context): Promise<Prepared>;
}

/** A benchmark that is ready to be timed. */
export interface Prepared extends Subject {
  /** What one run gets done; `amount` a second, with `unit`, is the throughput. */
  readonly work: { readonly amount: number; readonly unit: string };
  /** Floating-point operations of one run in units of 10^9, multiplications and additions of matrix products only. */
  readonly gigaflop?: number;
  /** Device memory by category, as planned and as allocated. */
  readonly memory?: { readonly predicted: BytesByCategory; readonly allocated: BytesByCategory };
  /** Uses the result of the last run. @throws BenchmarkError if it is wrong, so that no broken kernel looks fast */
  verify(): Promise<void>;
  /** Frees what `prepare` took. */
  release(): void;
}

/** A benchmark computed something wrong. */
export class BenchmarkError extends Error {
  override readonly name = 'BenchmarkError';
}

/** Called with each result as soon as it is there. */
export type OnResult = (result: Result) => void;

/** Samples of the adapter's peak, taken in turn with a benchmark's. */
export interface PeakReference {
  readonly gigaflop: number;
  readonly samples: readonly Sample[];
}

/** The row of a benchmark from its samples, with the share of the peak where the peak was measured in turn with it. */
export function summarise(
  name: string,
  { work, gigaflop, memory }: Pick<Prepared, 'work' | 'gigaflop' | 'memory'>,
  samples: readonly Sample[],
  peak?: PeakReference,
): Result {
  const wall = samples.map((sample) => sample.wall);
  const middle = median(wall);
  const rate = (amount: number, unit: string) => ({ value: (amount / middle) * 1000, unit });
  const counted = gigaflop !== undefined && work.unit !== 'GFLOP/s';
  return {
    name,
    wall: { minimum: minimum(wall), median: middle },
    cpu: { median: median(samples.map(({ cpu }) => cpu)) },
    rounds: samples.length,
    rates: [rate(work.amount, work.unit), ...(counted ? [rate(gigaflop, 'GFLOP/s')] : [])],
    ...(gigaflop !== undefined && peak !== undefined ? { shareOfPeak: shareOfPeak(gigaflop, samples, peak) } : {}),
    ...(memory !== undefined ? { memory } : {}),
  };
}

/** The median of the rounds' shares: each round compares neighbours in time, so that passing load divides out. */
function shareOfPeak(gigaflop: number, samples: readonly Sample[], peak: PeakReference): number {
  const shares = samples.map(({ wall }, round) => gigaflop / wall / (peak.gigaflop / peak.samples[round].wall));
  return median(shares);
}
