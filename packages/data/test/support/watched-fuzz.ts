import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { FUZZ_SEED, fuzzCase } from './fuzz-cases.ts';
import type { FuzzOutcome } from './fuzz-child.ts';

/** A file takes a millisecond or two; a process that says nothing for so long hangs. */
const HANG_MS = 10_000;
/** Before the first file the package is loaded. */
const START_MS = 60_000;
/**
 * JavaScript's heap of the process, and all of its memory with buffers and the code: some 150 MB before the first file.
 */
const HEAP_MB = 256;
const MAX_MB = 512;

export interface FuzzResults {
  readonly outcomes: readonly FuzzOutcome[];
  /** One line for each file that was not dealt with as it must be, with what it takes to try it alone. */
  readonly faults: readonly string[];
}

/**
 * Reads the files of the numbers `first`..`last` - 1 in a process that is watched; after a hang or a crash goes on with
 * the next.
 */
export async function runFuzz(first: number, last: number): Promise<FuzzResults> {
  const outcomes: FuzzOutcome[] = [];
  const faults: string[] = [];
  const blame = (number: number, fault: string) => {
    const replay = `CHIPSMITH_FUZZ_CASE=${number} pnpm exec vitest run test/fuzz.test.ts`;
    faults.push(`file ${number} of seed ${FUZZ_SEED} (${fuzzCase(number).name}): ${fault} [again: ${replay}]`);
  };
  for (let next = first; next < last; ) {
    const end = await runProcess(next, last, (outcome) => {
      for (const fault of outcome.faults) blame(outcome.number, fault);
      if (outcome.peak > MAX_MB && (outcomes.at(-1)?.peak ?? 0) <= MAX_MB)
        blame(outcome.number, `took the process to ${outcome.peak.toFixed(0)} MB`);
      outcomes.push(outcome);
      next = outcome.number + 1;
    });
    if (next >= last) break;
    blame(next, end);
    next++;
  }
  return { outcomes, faults };
}

/** @returns how the process ended */
function runProcess(first: number, last: number, tell: (outcome: FuzzOutcome) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('fuzz-child.ts', import.meta.url)), [`${first}`, `${last}`], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      execArgv: ['--conditions=@chipsmith/source', '--import', 'tsx', `--max-old-space-size=${HEAP_MB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let words = '';
    let hung = false;
    const hang = () => {
      hung = true;
      child.kill('SIGKILL');
    };
    let watch = setTimeout(hang, START_MS);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(-2000);
    });
    child.on('message', (outcome: FuzzOutcome) => {
      clearTimeout(watch);
      watch = setTimeout(hang, HANG_MS);
      tell(outcome);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watch);
      resolve(hung ? 'hangs' : `ended the process (${signal ?? code}): ${words}`);
    });
  });
}
