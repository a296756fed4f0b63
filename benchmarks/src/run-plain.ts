import { type Benchmark, type OnResult, summarise } from './benchmark.ts';
import { type Effort, measureAlternately, samplerOf } from './measure.ts';

/** Measures what runs on the processor in one thread. @throws BenchmarkError for a wrong result */
export async function runPlain(
  benchmarks: readonly Benchmark<void>[],
  effort: Effort,
  onResult: OnResult,
): Promise<void> {
  for (const benchmark of benchmarks) {
    const prepared = await benchmark.prepare();
    const [samples] = await measureAlternately([samplerOf(prepared)], effort);
    await prepared.verify();
    onResult(summarise(benchmark.name, prepared, samples));
    prepared.release();
  }
}
