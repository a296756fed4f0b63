import type { Device } from '@chipsmith/kernels';
import { type Benchmark, type OnResult, summarise } from '../benchmark.ts';
import { type Effort, measureAlternately } from '../measure.ts';
import { lstmBenchmarks } from './lstm.ts';
import { matmulBenchmarks } from './matmul.ts';
import { copyBandwidth, prepareFmaPeak } from './peak.ts';

/** Everything measured on a device besides its FMA peak, which every run begins with. */
export const KERNEL_BENCHMARKS: readonly Benchmark<Device>[] = [copyBandwidth, ...matmulBenchmarks, ...lstmBenchmarks];

/** Measures the device's FMA peak, then each benchmark in turn with it. @throws BenchmarkError for a wrong result */
export async function runKernels(
  device: Device,
  benchmarks: readonly Benchmark<Device>[],
  effort: Effort,
  onResult: OnResult,
): Promise<void> {
  const reference = await prepareFmaPeak(device);
  try {
    const [samples] = await measureAlternately([reference], effort);
    await reference.verify();
    onResult(summarise('FMA peak', reference, samples));
    for (const benchmark of benchmarks) {
      const prepared = await benchmark.prepare(device);
      try {
        const [samples, peakSamples] = await measureAlternately([prepared, reference], effort);
        await prepared.verify();
        const peak = { gigaflop: reference.gigaflop, samples: peakSamples };
        onResult(summarise(benchmark.name, prepared, samples, peak));
      } finally {
        prepared.release();
      }
    }
  } finally {
    reference.release();
  }
}
