import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { AdapterDescription } from './device.ts';
import { type TuningMemory, tuningKey } from './tuner.ts';

/** Adapter and driver, then class of problems, then the name of the variant that won. */
type Winners = Record<string, Record<string, string>>;

/**
 * The measured choices of one adapter, in a file that all processes of a user share. A file that cannot be read or
 * written only means measuring again, so neither is an error.
 */
export class TuningCache implements TuningMemory {
  readonly #path: string;
  readonly #adapter: string;
  readonly #winners: Map<string, string>;

  private constructor(path: string, adapter: string) {
    this.#path = path;
    this.#adapter = adapter;
    this.#winners = new Map(Object.entries(readWinners(path)[adapter] ?? {}));
  }

  /** @param path defaults to `chipsmith/tuning.json` in the user's cache folder */
  static open(adapter: AdapterDescription, path = defaultPath()): TuningCache {
    return new TuningCache(path, tuningKey(adapter));
  }

  get(problem: string): string | undefined {
    return this.#winners.get(problem);
  }

  /** Remembers a winner and writes the file: to a temporary name first, so that a reader never sees half of it. */
  set(problem: string, winner: string): void {
    this.#winners.set(problem, winner);
    // Other processes may have written since this one read.
    const all = readWinners(this.#path);
    const merged: Winners = {
      ...all,
      [this.#adapter]: { ...all[this.#adapter], ...Object.fromEntries(this.#winners) },
    };
    const temporary = `${this.#path}.${process.pid}`;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(temporary, `${JSON.stringify(merged, null, 2)}\n`);
      renameSync(temporary, this.#path);
    } catch {
      // A read-only home or a full disk: the winner is known to this process, the next one measures again.
      if (existsSync(temporary)) rmSync(temporary);
    }
  }
}

function defaultPath(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chipsmith', 'tuning.json');
}

function readWinners(path: string): Winners {
  try {
    return checked(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing on the first run; unreadable or cut off otherwise. Either way there is nothing to know.
    return {};
  }
}

/** What of a parsed file has the right form: strings in objects in an object. */
function checked(file: unknown): Winners {
  const adapters = Object.entries(isObject(file) ? file : {}).map(([adapter, winners]) => {
    const entries = Object.entries(isObject(winners) ? winners : {});
    return [adapter, Object.fromEntries(entries.filter(([, winner]) => typeof winner === 'string'))];
  });
  return Object.fromEntries(adapters);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
