import { type FileHandle, open, rm } from 'node:fs/promises';
import { fileError, isMissing, isRunning, isSystemError, readInputFile } from '@chipsmith/data/node';
import { ModelError } from '../error.ts';

/** A process id and a line break, with room to spare. */
const LOCK_BYTES = 100;

/** Keeps two processes from training into one run folder: a file with the process id of the one that does. */
export class RunLock {
  readonly #path: string;
  #held = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * The lock of a process that was killed is taken over. Where another program has its process id by now, the file must
   * be removed by hand.
   *
   * @throws ModelError if another process holds it; DataError if it cannot be written
   */
  async take(): Promise<void> {
    const owner = await lockOwner(this.#path);
    if (owner !== undefined && owner !== process.pid) throw this.#refusal(`process ${owner}`);
    let file: FileHandle | undefined;
    try {
      await rm(this.#path, { force: true });
      file = await open(this.#path, 'wx');
      await file.writeFile(`${process.pid}\n`);
      this.#held = true;
    } catch (error) {
      // Of two that start in the same moment, one makes the file.
      if (isSystemError(error) && error.code === 'EEXIST') throw this.#refusal('another process');
      // Where the disk is full, it has been made without content.
      if (file !== undefined) await rm(this.#path, { force: true });
      throw fileError(this.#path, error);
    } finally {
      await file?.close();
    }
  }

  async release(): Promise<void> {
    if (this.#held) await rm(this.#path, { force: true });
    this.#held = false;
  }

  #refusal(who: string): ModelError {
    return new ModelError(
      `${this.#path}: ${who} is training here; wait for it or choose another --run folder (if it is not, remove this file).`,
    );
  }
}

/** The running process that holds a lock; undefined if there is none, or it was killed. */
export async function lockOwner(path: string): Promise<number | undefined> {
  try {
    const owner = Number((await readInputFile(path, LOCK_BYTES, 'move it away')).toString());
    return isRunning(owner) ? owner : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
