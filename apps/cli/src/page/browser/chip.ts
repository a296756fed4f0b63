import type { Reply, Request } from './messages.ts';

/**
 * The bundle of chip-worker.ts, put here by bundle.ts: a page from disk can start no worker but one of its own text.
 */
declare const CHIP_WORKER: string;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly onOpening: (samples: Float32Array<ArrayBuffer>) => void;
}

/** The sound chip, in a worker so that the page stays alive meanwhile. It answers in the order in which it is asked. */
export class Chip {
  readonly #worker = new Worker(URL.createObjectURL(new Blob([CHIP_WORKER], { type: 'text/javascript' })));
  readonly #waiting: Waiting[] = [];

  constructor() {
    this.#worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      if (data.kind === 'opening') return this.#waiting[0]?.onOpening(data.samples);
      const { resolve, reject } = this.#waiting.shift() ?? {};
      if (data.kind === 'failure') reject?.(new Error(data.message));
      else resolve?.(data);
    });
    this.#worker.addEventListener('error', () => {
      for (const { reject } of this.#waiting.splice(0))
        reject(new Error('the browser does not let the page start its sound chip'));
    });
  }

  /**
   * Plays a .vgm file.
   *
   * @param onOpening is given the first seconds of a long piece while the rest is still being rendered
   * @returns the whole piece
   * @throws Error if the file is damaged or the worker cannot start
   */
  async render(
    request: Omit<Request & { kind: 'render' }, 'kind'>,
    onOpening: (samples: Float32Array<ArrayBuffer>) => void,
  ): Promise<Float32Array<ArrayBuffer>> {
    const reply = await this.#ask({ kind: 'render', ...request }, onOpening);
    if (reply.kind !== 'samples') throw new Error(`the chip answered with ${reply.kind}`);
    return reply.samples;
  }

  /** Packs files, and .wav files made of some of them. @throws Error if a .vgm file is damaged */
  async zip(request: Omit<Request & { kind: 'zip' }, 'kind'>): Promise<Uint8Array<ArrayBuffer>> {
    const reply = await this.#ask({ kind: 'zip', ...request });
    if (reply.kind !== 'zip') throw new Error(`the chip answered with ${reply.kind}`);
    return reply.bytes;
  }

  #ask(request: Request, onOpening: Waiting['onOpening'] = () => undefined): Promise<Reply> {
    this.#worker.postMessage(request);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, onOpening }));
  }
}
