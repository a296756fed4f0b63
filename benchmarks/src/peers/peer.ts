import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Problem } from '../gpu/problems.ts';
import type { Sampler } from '../measure.ts';
import { type Digest, disagreement } from './digest.ts';
import { type Answer, PeerFailure, type Request } from './messages.ts';
import type { PeerName } from './names.ts';

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

export interface Patience {
  /** Milliseconds for starting the process and loading the library. */
  readonly open: number;
  /** Milliseconds for getting ready and running once: tracing, compiling. */
  readonly prepare: number;
  /** Milliseconds for a sample. */
  readonly sample: number;
}

/** Five times what the slowest peer that is worth waiting for needs on llvmpipe: a step of tfjs takes 10 s there. */
export const PATIENT: Patience = { open: 60_000, prepare: 90_000, sample: 50_000 };
export const BRIEF: Patience = { open: 30_000, prepare: 20_000, sample: 10_000 };

/** Another library in a process of its own, which is started anew after a crash or when it took too long. */
export class Peer {
  readonly name: PeerName;
  readonly #backend: string;
  readonly #patience: Patience;
  readonly #worker: string;
  #process: ChildProcess | undefined;
  #cannotOpen: PeerFailure | undefined;

  /** @param backend by which our own device was opened; @param worker script of the process */
  constructor(name: PeerName, backend: string, patience: Patience, worker = WORKER) {
    this.name = name;
    this.#backend = backend;
    this.#patience = patience;
    this.#worker = worker;
  }

  /**
   * Gets ready for a problem and compares the results of the first run with ours.
   *
   * @throws PeerFailure
   */
  async prepare(problem: Problem, ours: Digest): Promise<Sampler> {
    await this.#open();
    const { digest } = expecting('digest', await this.#ask({ kind: 'prepare', problem }, this.#patience.prepare));
    const difference = disagreement(ours, digest);
    if (difference !== undefined) throw new PeerFailure('wrong', difference);
    return async (runs) => expecting('sample', await this.#ask({ kind: 'sample', runs }, this.#patience.sample)).sample;
  }

  /** Frees what the problem took. A process that cannot is ended. */
  async release(): Promise<void> {
    if (this.#process === undefined) return;
    try {
      await this.#ask({ kind: 'release' }, this.#patience.sample);
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      this.close();
    }
  }

  close(): void {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  async #open(): Promise<void> {
    if (this.#cannotOpen !== undefined) throw this.#cannotOpen;
    if (this.#process !== undefined) return;
    const execArgv = ['--conditions=@chipsmith/source', '--import', 'tsx'];
    this.#process = fork(this.#worker, { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    try {
      const request = { kind: 'open', peer: this.name, backend: this.#backend } as const;
      expecting('done', await this.#ask(request, this.#patience.open));
    } catch (error) {
      this.close();
      // It will not open the next time either.
      if (error instanceof PeerFailure) {
        const { reason, message } = error;
        this.#cannotOpen = new PeerFailure(reason === 'error' ? 'no backend' : reason, message, { cause: error });
        throw this.#cannotOpen;
      }
      throw error;
    }
  }

  /** One question at a time. @throws PeerFailure */
  #ask(request: Request, patience: number): Promise<Answer> {
    const child = this.#process;
    if (child === undefined) throw new PeerFailure('crash', 'its process has ended');
    return new Promise((resolve, reject) => {
      let complaint = '';
      const onComplaint = (chunk: Buffer) => {
        complaint = (complaint + chunk.toString()).slice(-5000);
      };
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        child.off('message', onAnswer);
        child.off('exit', onExit);
        child.stderr?.off('data', onComplaint);
        settle();
      };
      const timer = setTimeout(() => {
        this.close();
        const detail = `no answer to "${request.kind}" within ${patience / 1000} s`;
        finish(() => reject(new PeerFailure('too slow', detail)));
      }, patience);
      const onAnswer = (reply: Answer) => finish(() => resolve(reply));
      const onExit = (code: number | null, signal: string | null) => {
        this.#process = undefined;
        // Node prints the error between a piece of source and the stack.
        const why = complaint.split('\n').find((line) => /^\w*Error\b/.test(line));
        const detail = `its process ended with ${signal ?? `code ${code}`}${why === undefined ? '' : `: ${why}`}`;
        finish(() => reject(new PeerFailure('crash', detail)));
      };
      child.on('message', onAnswer);
      child.on('exit', onExit);
      child.stderr?.on('data', onComplaint);
      child.send(request);
    });
  }
}

function expecting<Kind extends Answer['kind']>(kind: Kind, answer: Answer): Extract<Answer, { kind: Kind }> {
  if (answer.kind === 'failed') throw new PeerFailure(answer.reason, answer.detail);
  if (answer.kind !== kind) throw new PeerFailure('error', `answered "${answer.kind}" instead of "${kind}"`);
  return answer as Extract<Answer, { kind: Kind }>;
}
