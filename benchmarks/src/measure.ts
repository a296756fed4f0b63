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
  /** Of all of this process's threads together, user and system: what a busy machine inflates less than `wall`. */
  readonly cpu: number;
}

export interface Effort {
  /** Samples taken of each subject, */
  readonly rounds: number;
  /** but after this time no more than FEWEST_ROUNDS. */
  readonly budgetMilliseconds: number;
  /** Runs are repeated within a sample until it lasts this many milliseconds, so that the clock and the submit are small. */
  readonly sampleMilliseconds: number;
}

export const FULL: Effort = { rounds: 15, budgetMilliseconds: 10_000, sampleMilliseconds: 100 };
export const QUICK: Effort = { rounds: 5, budgetMilliseconds: 1_000, sampleMilliseconds: 25 };

/** A median of three drops one sample that something else disturbed. */
const FEWEST_ROUNDS = 3;
const MAX_RUNS_PER_SAMPLE = 1000;

/**
 * Times subjects in turn (A B A B ...), so that a change in the machine's load falls on all of them alike. Each is run
 * twice before: once to warm up (compilers, caches), once to find how many runs make a sample.
 *
 * @returns for each subject, one sample a round
 */
export async function measureAlternately(subjects: readonly Subject[], effort: Effort): Promise<Sample[][]> {
  const runs: number[] = [];
  for (const subject of subjects) {
    await takeSample(subject, 1);
    const { wall } = await takeSample(subject, 1);
    const wanted = Math.ceil(effort.sampleMilliseconds / Math.max(wall, 1e-6));
    runs.push(Math.min(wanted, MAX_RUNS_PER_SAMPLE));
  }
  const samples: Sample[][] = subjects.map(() => []);
  const start = performance.now();
  for (let round = 0; round < effort.rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() - start > effort.budgetMilliseconds) break;
    for (const [index, subject] of subjects.entries()) samples[index].push(await takeSample(subject, runs[index]));
  }
  return samples;
}

async function takeSample(subject: Subject, runs: number): Promise<Sample> {
  collectGarbage();
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  for (let run = 0; run < runs; run++) subject.run();
  await subject.settle?.();
  const wall = performance.now() - before;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: wall / runs, cpu: (user + system) / 1000 / runs };
}

/** V8's full collection, run between samples so that none pays for the garbage of the one before. */
setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');
