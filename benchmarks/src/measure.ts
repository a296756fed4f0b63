import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Something to be timed. */
export interface Subject {
  /** Does or submits the work once. */
  run(): void;
  /** Waits until everything that `run` submitted is done; left out where `run` does the work itself. */
  settle?(): Promise<void>;
}

/** Milliseconds that one run took. */
export interface Sample {
  /** On the clock. */
  readonly wall: number;
  /** Of all of the process's threads together, user and system: what a busy machine inflates less than `wall`. */
  readonly cpu: number;
}

/** Times so many runs in a row, here or in another process. */
export type Sampler = (runs: number) => Promise<Sample>;

export interface Effort {
  /** Samples taken of each subject, */
  readonly rounds: number;
  /** but after this time no more than MIN_ROUNDS. */
  readonly budgetMilliseconds: number;
  /**
   * Runs are repeated within a sample until it lasts this many milliseconds, so that the clock and the submit are
   * small.
   */
  readonly sampleMilliseconds: number;
}

export const FULL: Effort = { rounds: 15, budgetMilliseconds: 10_000, sampleMilliseconds: 100 };
export const QUICK: Effort = { rounds: 5, budgetMilliseconds: 1_000, sampleMilliseconds: 25 };

/** A median of three drops one sample that something else disturbed. */
const MIN_ROUNDS = 3;
const MAX_RUNS_PER_SAMPLE = 1000;

/**
 * Times samplers in turn (A B A B ...), so that a change in the machine's load falls on all of them alike. Each runs
 * once before, to warm up compilers and caches, and where that was short once more, to find how many runs make a
 * sample.
 *
 * @returns for each sampler, one sample a round
 */
export async function measureAlternately(samplers: readonly Sampler[], effort: Effort): Promise<Sample[][]> {
  const runs: number[] = [];
  for (const sampler of samplers) {
    let { wall } = await sampler(1);
    if (wall < 10 * effort.sampleMilliseconds) ({ wall } = await sampler(1));
    const count = Math.ceil(effort.sampleMilliseconds / Math.max(wall, 1e-6));
    runs.push(Math.min(count, MAX_RUNS_PER_SAMPLE));
  }
  const samples: Sample[][] = samplers.map(() => []);
  const start = performance.now();
  for (let round = 0; round < effort.rounds; round++) {
    if (round >= MIN_ROUNDS && performance.now() - start > effort.budgetMilliseconds) break;
    for (const [index, sampler] of samplers.entries()) samples[index].push(await sampler(runs[index]));
  }
  return samples;
}

/** Times a subject in this process. */
export function samplerOf(subject: Subject): Sampler {
  return async (runs) => {
    collectGarbage();
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    for (let run = 0; run < runs; run++) subject.run();
    await subject.settle?.();
    const wall = performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { wall: wall / runs, cpu: (user + system) / 1000 / runs };
  };
}

/** V8's full collection, run between samples so that none pays for the garbage of the one before. */
setFlagsFromString('--expose-gc');
export const collectGarbage: () => void = runInNewContext('gc');
