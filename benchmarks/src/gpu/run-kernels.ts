import { type Device, MEMORY_CATEGORIES } from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError, type Limit, type OnResult, type Prepared, summarise } from '../benchmark.ts';
import { type Effort, measureAlternately, type Sampler, samplerOf } from '../measure.ts';
import { comparePeer } from '../peers/compare.ts';
import { digestOf } from '../peers/digest.ts';
import type { Peer } from '../peers/peer.ts';
import type { Result } from '../report/results.ts';
import { attentionBenchmarks } from './attention.ts';
import { convolutionBenchmarks } from './convolution.ts';
import { elementBenchmarks } from './elements.ts';
import { goalOf } from './goals.ts';
import { lstmBenchmarks } from './lstm.ts';
import { matmulBenchmarks } from './matmul.ts';
import { prepareCopy, prepareFmaPeak, prepareLaunches } from './peak.ts';
import { rowBenchmarks } from './rows.ts';
import { samplingBenchmark } from './sampling.ts';

/** Everything measured on a device besides its limits, which every run begins with. */
export const KERNEL_BENCHMARKS: readonly Benchmark<Device>[] = [
  ...matmulBenchmarks,
  ...lstmBenchmarks,
  ...attentionBenchmarks,
  ...convolutionBenchmarks,
  ...rowBenchmarks,
  ...elementBenchmarks,
  // As many voices as a batch of tracks has, over MusicAutobot's vocabulary.
  samplingBenchmark(64, 312),
];

/**
 * Measures the device's limits, then each benchmark in turn with the one that binds it, then each peer in turn with
 * both.
 *
 * @throws BenchmarkError for a wrong result of ours, or memory that is not as planned; a peer's failure is a result
 */
export async function runKernels(
  device: Device,
  benchmarks: readonly Benchmark<Device>[],
  peers: readonly Peer[],
  effort: Effort,
  onResult: OnResult,
): Promise<void> {
  const peak = await prepareFmaPeak(device);
  const copy = await prepareCopy(device);
  const launches = await prepareLaunches(device);
  try {
    const limits = await measureAlternately([peak, copy, launches].map(samplerOf), effort);
    const rows = [peak, copy, launches].map((prepared, index) => {
      const name = ['FMA peak', 'copy bandwidth', 'launching a kernel'][index];
      return summarise(name, prepared, limits[index]);
    });
    for (const [index, prepared] of [peak, copy, launches].entries()) {
      await prepared.verify();
      onResult(rows[index]);
    }
    const cost: DemandCost = {
      launch: rows[2].wall.median / launches.work.amount,
      gigabyte: rows[1].wall.median / copy.work.amount,
    };
    for (const benchmark of benchmarks) {
      const prepared = await benchmark.prepare(device);
      try {
        requirePlannedMemory(benchmark.name, prepared);
        const computes = prepared.gigaflop !== undefined;
        const limit = { of: computes ? 'FMA' : 'copy', work: (computes ? peak : copy).work } as const;
        const result = await measure(benchmark, prepared, limit, samplerOf(computes ? peak : copy), peers, effort);
        onResult({ ...result, ...boundsOf(prepared, cost, result.wall.median), ...goalFor(benchmark.name) });
      } finally {
        prepared.release();
      }
    }
  } finally {
    peak.release();
    copy.release();
    launches.release();
  }
}

/** Milliseconds, as measured by themselves. */
interface DemandCost {
  readonly launch: number;
  readonly gigabyte: number;
}

/**
 * The shares of a run's time that launching its kernels, and moving its bytes at the copy bandwidth, would take alone.
 */
function boundsOf({ demand }: Prepared, cost: DemandCost, wall: number): Pick<Result, 'bounds'> {
  if (demand === undefined) return {};
  const { launches, gigabytes } = demand;
  return { bounds: { launching: (launches * cost.launch) / wall, memory: (gigabytes * cost.gigabyte) / wall } };
}

function goalFor(name: string): Pick<Result, 'goal'> {
  const goal = goalOf(name);
  return goal === undefined ? {} : { goal };
}

async function measure(
  { name, problem }: Benchmark<Device>,
  prepared: Prepared,
  limit: Omit<Limit, 'samples'>,
  limitSampler: Sampler,
  peers: readonly Peer[],
  effort: Effort,
) {
  prepared.run();
  const digest = digestOf((await prepared.results?.()) ?? []);
  const ours = samplerOf(prepared);
  const [samples, limitSamples] = await measureAlternately([ours, limitSampler], effort);
  const result = summarise(name, prepared, samples, { ...limit, samples: limitSamples });
  if (problem === undefined || peers.length === 0) {
    await prepared.verify();
    return result;
  }
  const compared = [];
  for (const peer of peers) compared.push(await comparePeer(peer, problem, digest, ours, effort));
  await prepared.verify();
  return { ...result, peers: compared };
}

function requirePlannedMemory(name: string, { memory }: Prepared): void {
  const wrong = MEMORY_CATEGORIES.find((category) => memory?.predicted[category] !== memory?.allocated[category]);
  if (memory === undefined || wrong === undefined) return;
  const { predicted, allocated } = memory;
  throw new BenchmarkError(
    `${name}: ${predicted[wrong]} bytes of ${wrong} were planned, ${allocated[wrong]} allocated.`,
  );
}
