import type { AdapterDescription } from './device.ts';
import { type TuningMemory, tuningKey } from './tuner.ts';

/** What is used of IndexedDB. The types of pages are not among those that this package is compiled with. */
export interface DatabaseFactory {
  open(name: string, version: number): OpenRequest;
}
interface DatabaseRequest<Result> {
  readonly result: Result;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}
interface OpenRequest extends DatabaseRequest<Database> {
  onupgradeneeded: (() => void) | null;
}
interface Database {
  onversionchange: (() => void) | null;
  createObjectStore(name: string, options: { keyPath: readonly string[] }): unknown;
  transaction(store: string, mode: 'readonly' | 'readwrite'): { objectStore(name: string): ObjectStore };
  close(): void;
}
interface ObjectStore {
  getAll(): DatabaseRequest<unknown>;
  put(value: Row): unknown;
}

interface Row {
  readonly adapter: string;
  readonly problem: string;
  readonly winner: string;
}

const DATABASE = 'chipsmith';
const STORE = 'tuning';

/** A database that has not answered by then (ms) is taken to be blocked. */
const PATIENCE = 2000;

/**
 * The measured choices of one adapter in IndexedDB, which the pages of one origin share. All are read when it is
 * opened, so that asking needs no waiting. A database that cannot be opened, read or written only means measuring
 * again, so that none of it is an error.
 */
export class TuningDatabase implements TuningMemory {
  readonly #database: Database | undefined;
  readonly #adapter: string;
  readonly #winners: Map<string, string>;

  private constructor(database: Database | undefined, adapter: string, winners: Map<string, string>) {
    this.#database = database;
    this.#adapter = adapter;
    this.#winners = winners;
  }

  /** @param factory the page's `indexedDB`; undefined where there is none */
  static async open(
    description: AdapterDescription,
    factory: DatabaseFactory | undefined,
    patience = PATIENCE,
  ): Promise<TuningDatabase> {
    const adapter = tuningKey(description);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patience);
    });
    try {
      const opened = await Promise.race([factory && readAll(factory), tooLate]);
      const rows = (opened?.rows ?? []).filter((row) => row.adapter === adapter);
      return new TuningDatabase(opened?.database, adapter, new Map(rows.map((row) => [row.problem, row.winner])));
    } catch {
      // Private windows and full disks: what is measured is known until the page is left.
      return new TuningDatabase(undefined, adapter, new Map());
    } finally {
      clearTimeout(timer);
    }
  }

  get(problem: string): string | undefined {
    return this.#winners.get(problem);
  }

  set(problem: string, winner: string): void {
    this.#winners.set(problem, winner);
    try {
      this.#database
        ?.transaction(STORE, 'readwrite')
        .objectStore(STORE)
        .put({ adapter: this.#adapter, problem, winner });
    } catch {
      // Closed for a newer version of the page, or gone: the next page measures again.
    }
  }
}

async function readAll(factory: DatabaseFactory): Promise<{ database: Database; rows: Row[] }> {
  const opening = factory.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: ['adapter', 'problem'] });
  const database = await answer(opening);
  // A newer version of the page, in another tab, must not wait for this one.
  database.onversionchange = () => database.close();
  const all = await answer(database.transaction(STORE, 'readonly').objectStore(STORE).getAll());
  return { database, rows: Array.isArray(all) ? all.filter(isRow) : [] };
}

function answer<Result>(request: DatabaseRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB refused.'));
  });
}

function isRow(value: unknown): value is Row {
  const fields = ['adapter', 'problem', 'winner'];
  if (typeof value !== 'object' || value === null) return false;
  return fields.every((field) => typeof Reflect.get(value, field) === 'string');
}
