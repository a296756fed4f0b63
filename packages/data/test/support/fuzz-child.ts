// The process that fuzz.test.ts watches: reads the files of the numbers from argv[2] up to argv[3] and tells what
// became of each. A hang or an end of the process is the fault of the number after the last that was told of.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readSongs } from '../../src/dataset/formats.ts';
import { checkSong, DataError, reasonOf, withEstimatedTiming } from '../../src/index.ts';
import { readSources } from '../../src/node/archives/sources.ts';
import { type FuzzCase, fuzzCase } from './fuzz-cases.ts';

export interface FuzzOutcome {
  readonly number: number;
  readonly name: string;
  readonly songs: number;
  /** Why songs, files or the archive were refused. */
  readonly refusals: readonly string[];
  /** What must not be. */
  readonly faults: readonly string[];
  /** Most memory that the process has had so far, in MB. */
  readonly peak: number;
}

/**
 * One line, after the file: a byte, perhaps with a line or `unpacked` before it, or in JSON a field or nothing, then
 * problem and remedy.
 */
const MESSAGE = /^(, ((line \d+|unpacked), )?byte \d+: |, field [^\n]+: |: is (not JSON|nested) )[^\n]+; [^\n]+$/;
/** The same in the report of a dataset, where the file is named beside it. */
const REASON = /^((line \d+, )?byte \d+|field [^\n]+): [^\n]+$/;

class Trial {
  songs = 0;
  readonly refusals: string[] = [];
  readonly faults: string[] = [];

  read(bytes: Uint8Array, name: string): void {
    try {
      for (const found of readSongs(bytes, name)) {
        if ('reading' in found) {
          checkSong(found.reading.song);
          checkSong(withEstimatedTiming(found.reading.song));
          this.songs++;
        } else {
          this.refusals.push(reasonOf(found));
          if (!REASON.test(reasonOf(found))) this.faults.push(`${found.path}: no place in "${reasonOf(found)}"`);
        }
      }
    } catch (error) {
      this.refuse(name, error);
    }
  }

  refuse(name: string, error: unknown): void {
    if (!(error instanceof DataError)) {
      this.faults.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
      return;
    }
    const { message } = error;
    this.refusals.push(message);
    if (!message.startsWith(name) || !MESSAGE.test(message.slice(name.length)))
      this.faults.push(`no file and byte in "${message}"`);
  }
}

async function run(folder: string, number: number): Promise<FuzzOutcome> {
  const file = fuzzCase(number);
  const trial = new Trial();
  if (/^archive/.test(file.name)) await runArchive(join(folder, file.name), file, trial);
  else trial.read(file.bytes, file.name);
  if (file.isSound && (trial.songs === 0 || trial.refusals.length > 0))
    trial.faults.push(`a sound file was refused: ${trial.refusals.join('; ')}`);
  const { name } = file;
  const { songs, refusals, faults } = trial;
  return { number, name, songs, refusals, faults, peak: process.resourceUsage().maxRSS / 1024 };
}

async function runArchive(path: string, { bytes, entries }: FuzzCase, trial: Trial): Promise<void> {
  writeFileSync(path, bytes);
  let count = 0;
  try {
    for await (const step of readSources([path])) {
      if ('share' in step) continue;
      count++;
      if ('bytes' in step) trial.read(step.bytes, step.path);
      else trial.refusals.push(`${step.path}: ${step.reason}`);
    }
  } catch (error) {
    trial.refuse(path, error);
  }
  if (entries !== undefined && count !== entries) trial.faults.push(`${count} of ${entries} entries were told of`);
}

const folder = mkdtempSync(join(tmpdir(), 'chipsmith-fuzz-'));
const [first, last] = process.argv.slice(2).map(Number);
for (let number = first; number < last; number++) {
  process.send?.(await run(folder, number));
  // Lets what was sent go out before the next file, which may hang.
  await setImmediate();
}
rmSync(folder, { recursive: true });
process.disconnect?.();
