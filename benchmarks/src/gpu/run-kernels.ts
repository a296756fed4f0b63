import { type Device, MEMORY_CATEGORIES } from '@chipsmith/kernels';
import { type Benchmark, BenchmarkError, type Limit, type OnResult, type Prepared, summarise } from '../benchmark.ts';
import { type Effort, measureAlternately, type Sampler, samplerOf } from '../measure.ts';
import { comparePeer } from '../peers/compare.ts';
import { digestOf } from '../peers/digest.ts';
import type { Peer } from '../peers/peer.ts';
import { attentionBenchmarks } from './attention.ts';
import { convolutionBenchmarks } from './convolution.ts';
import { elementBenchmarks } from './elements.ts';
import { lstmBenchmarks } from './lstm.ts';
import { matmulBenchmarks } from './matmul.ts';
import { prepareCopy, prepareFmaPeak } from './peak.ts';
import { rowBenchmarks } from './rows.ts';
import { samplingBenchmark } from './sampling.ts';

/** Everything measured on a device besides its FMA peak and copy bandwidth, which every run begins with. */
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
 * Measures the device's limits, then each benchmark in turn with the one that binds it, then each peer in turn with both.
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
  try {
    const limits = await measureAlternately([samplerOf(peak), samplerOf(copy)], effort);
    await peak.verify();
    await copy.verify();
    onResult(summarise('FMA peak', peak, limits[0]));
    onResult(summarise('copy bandwidth', copy, limits[1]));
    for (const benchmark of benchmarks) {
      const prepared = await benchmark.prepare(device);
      try {
        requirePlannedMemory(benchmark.name, prepared);
        const computes = prepared.gigaflop !== undefined;
        const limit = { of: computes ? 'FMA' : 'copy', work: (computes ? peak : copy).work } as const;
        onResult(await measure(benchmark, prepared, limit, samplerOf(computes ? peak : copy), peers, effort));
      } finally {
        prepared.release();
      }
    }
  } finally {
    peak.release();
    copy.release();
  }
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
