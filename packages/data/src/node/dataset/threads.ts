import type { Worker } from 'node:worker_threads';
import type { SourceFile } from '../../dataset/found-file.ts';
import { type PreparedFile, prepareFile, type SongSettings } from '../../dataset/preparation.ts';
import type { Encoding } from '../../encodings/encoding.ts';
import { encodings } from '../../encodings/encodings.ts';
import { messageOf } from '../../error.ts';
import { startThread } from '../start-thread.ts';

/** What a thread is started with. */
export interface ThreadSettings {
  readonly encoding: string;
  readonly settings: SongSettings;
}

/** Files that a thread prepares at once. */
export type FileBatch = readonly { readonly file: SourceFile; readonly sha256: string }[];

/**
 * So many files are prepared by the caller before threads are started, which takes as long as preparing about so many.
 */
const FILES_WITHOUT_THREADS = 64;
/**
 * Files that a thread gets at once: enough that sending them costs little, few enough that the threads end together.
 */
const BATCH = 16;
/**
 * Batches that wait for each thread before reading stops: reading goes on while threads work, and memory stays small.
 */
const WAITING_BATCHES = 3;

/** The place of a file in the order of files, empty until it is prepared. */
interface Slot {
  readonly work: FileBatch[number] | undefined;
  prepared: PreparedFile | undefined;
}

interface Thread {
  readonly worker: Worker;
  /** What it is working on. */
  batch: readonly Slot[];
}

/** Prepares files on several threads, and hands them over in the order in which they came. */
export class ThreadPool {
  readonly #encoding: Encoding;
  readonly #settings: SongSettings;
  readonly #threadCount: number;
  readonly #deliver: (file: PreparedFile) => void;
  readonly #threads: Thread[] = [];
  /** In order; those that are handed over are gone. */
  readonly #slots: Slot[] = [];
  /** Those that no thread has begun. */
  readonly #waiting: Slot[] = [];
  #added = 0;
  #failure: { readonly error: unknown } | undefined;
  /** Called when a thread has finished a batch, or failed. */
  #wake = () => {};

  /**
   * @param threads 1 or less: the caller does the work. So it does with encodings that are not of this package, which
   *   cannot go to another thread.
   * @param deliver called with each file, at any time until `finish` resolves
   */
  constructor(encoding: Encoding, settings: SongSettings, threads: number, deliver: (file: PreparedFile) => void) {
    this.#encoding = encoding;
    this.#settings = settings;
    this.#threadCount = encodings.includes(encoding) ? threads : 1;
    this.#deliver = deliver;
  }

  /** A file to prepare. */
  add(file: SourceFile, sha256: string): void {
    this.#added++;
    if (this.#threadCount <= 1 || this.#added <= FILES_WITHOUT_THREADS) {
      this.pass(prepareFile(file, sha256, this.#encoding, this.#settings));
      return;
    }
    const slot = { work: { file, sha256 }, prepared: undefined };
    this.#slots.push(slot);
    this.#waiting.push(slot);
    if (this.#threads.length < this.#threadCount) this.#start();
    this.#send(BATCH);
  }

  /** A file of which it is known already what becomes of it. */
  pass(prepared: PreparedFile): void {
    this.#slots.push({ work: undefined, prepared });
    this.#handOver();
  }

  /** Waits until the threads have room for more files. @throws what a thread, or `deliver`, threw */
  async ready(): Promise<void> {
    await this.#until(() => this.#waiting.length <= WAITING_BATCHES * BATCH * this.#threadCount);
  }

  /** Waits until all files are prepared and handed over. @throws what a thread, or `deliver`, threw */
  async finish(): Promise<void> {
    await this.#until(() => {
      this.#send(1);
      return this.#slots.length === 0;
    });
  }

  /** Stops the threads, whatever they are doing. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    const settings: ThreadSettings = { encoding: this.#encoding.name, settings: this.#settings };
    const thread: Thread = { worker: startThread(new URL('./thread', import.meta.url), settings), batch: [] };
    thread.worker.on('message', (prepared: readonly PreparedFile[]) => {
      for (const [index, slot] of thread.batch.entries()) slot.prepared = prepared[index];
      thread.batch = [];
      // Whoever waits for the threads learns of it: here nobody would catch it.
      try {
        this.#handOver();
        this.#send(BATCH);
      } catch (error) {
        this.#failure ??= { error };
      }
      this.#wake();
    });
    thread.worker.on('error', (error) => {
      const paths = thread.batch.map(({ work }) => work?.file.path);
      const where = paths.length > 0 ? `preparing ${paths.join(', ')}` : 'starting a thread';
      this.#failure ??= { error: new Error(`${where}: ${messageOf(error)}`, { cause: error }) };
      this.#wake();
    });
    this.#threads.push(thread);
  }

  /** Gives a batch to every thread that has none. @param least files in it */
  #send(least: number): void {
    for (const thread of this.#threads) {
      if (thread.batch.length > 0 || this.#waiting.length < least) continue;
      thread.batch = this.#waiting.splice(0, BATCH);
      thread.worker.postMessage(thread.batch.map(({ work }) => work));
    }
  }

  #handOver(): void {
    for (let prepared = this.#slots[0]?.prepared; prepared !== undefined; prepared = this.#slots[0]?.prepared) {
      this.#slots.shift();
      this.#deliver(prepared);
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    while (this.#failure === undefined && !condition()) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
