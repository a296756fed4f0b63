import { readFile, rm, writeFile } from 'node:fs/promises';
import { isRunning } from '@chipsmith/data';
import { ModelError } from '../error.ts';
import { fileError } from '../files.ts';

/** Keeps two processes from training into one run folder: a file with the process id of the one that does. */
export class RunLock {
  readonly #path: string;
  #held = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The lock of a process that was killed is taken over. Where another program has its process id by now, the file must be
   * removed by hand.
   *
   * @throws ModelError if another process holds it, or it cannot be written
   */
  async take(): Promise<void> {
    try {
      const owner = await this.#owner();
      if (owner !== undefined) {
        if (owner !== process.pid && isRunning(owner)) throw this.#refusal(`process ${owner}`);
        await rm(this.#path, { force: true });
      }
      await writeFile(this.#path, `${process.pid}\n`, { flag: 'wx' });
    } catch (error) {
      if (error instanceof ModelError) throw error;
      // Of two that start in the same moment, one makes the file.
      if (codeOf(error) === 'EEXIST') throw this.#refusal('another process');
      // Where the disk is full, it has been made without content.
      await rm(this.#path, { force: true });
      throw fileError(this.#path, error);
    }
    this.#held = true;
  }

  async release(): Promise<void> {
    if (this.#held) await rm(this.#path, { force: true });
    this.#held = false;
  }

  /** What the file says, NaN or 0 if that is no number; undefined if there is none. */
  async #owner(): Promise<number | undefined> {
    try {
      return Number(await readFile(this.#path, 'utf8'));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #refusal(who: string): ModelError {
    return new ModelError(
      `${this.#path}: ${who} is training here; wait for it or choose another --run folder (if it is not, remove this file).`,
    );
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
