import { on } from 'node:events';
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApuError, gzipHead, isGzip, unpackGzip } from '@chipsmith/apu';
import { messageOf } from '../../error.ts';
import { DownloadError } from './error.ts';

/** What requests call themselves, and the name that robots.txt knows them by. */
export const USER_AGENT = 'chipsmith';

/** Tries in a row that bring nothing new before a request is given up: with waits of 1, 2, 4 and 8 s. */
const TRIES = 5;
/** A server that asks for a longer wait than this is left alone. */
export const LONGEST_WAIT_SECONDS = 60;
const MAX_REDIRECTS = 5;
/** Chunks (64 KiB each at most) that may wait for the disk before the server is made to wait. */
const MAX_WAITING_CHUNKS = 32;
/** A server that sends less in a stall time does not want to be done: at 30 s, 64 MiB would take three weeks. */
const MIN_BYTES = 1024;

export interface ClientOptions {
  /** Least time between two requests, ms. Default 0. */
  readonly delayMs?: number | undefined;
  /** Wait before the second try, ms; it doubles with each further one. Default 1000. */
  readonly retryMs?: number | undefined;
  /** A connection that brings less than 1 KiB in so long counts as lost, ms. Default 30,000. */
  readonly stallMs?: number | undefined;
  /** Aborting ends the work with the signal's reason; a later call goes on from there. */
  readonly signal?: AbortSignal | undefined;
}

/** The head of an answer; its body is read with `chunks`, or left with `leave`. */
export interface Answer {
  /** Where it came from, redirects followed. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Bytes as they were sent: no content encoding is asked for, and only `HttpClient.read` undoes one. */
  chunks(): AsyncGenerator<Buffer>;
  leave(): void;
}

/** Asks one thing at a time, over one connection to a host. */
export class HttpClient {
  readonly #agents = { http: new HttpAgent(KEPT), https: new HttpsAgent(KEPT) };
  readonly #options: ClientOptions;
  #delayMs: number;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#delayMs = options.delayMs ?? 0;
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** Waits at least `delayMs` between requests from now on. */
  slowDown(delayMs: number): void {
    this.#delayMs = Math.max(this.#delayMs, delayMs);
  }

  /**
   * One request, redirects followed.
   *
   * @param admit called with each address that a redirect leads to; throws to refuse it
   * @returns an answer of status 200, 206 or one of `expected`
   * @throws DownloadError for any other answer or none
   */
  async get(url: URL, { headers = {}, expected = [], admit }: GetOptions = {}): Promise<Answer> {
    let place = url;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const answer = await this.#ask(place, headers);
      const { status } = answer;
      if ([200, 206, ...expected].includes(status)) return answer;
      answer.leave();
      if (status < 300 || status >= 400 || answer.headers.location === undefined) throw refusal(answer);
      place = redirected(place, answer.headers.location);
      admit?.(place);
    }
    throw new DownloadError(url, `more than ${MAX_REDIRECTS} redirects`, 'check the address');
  }

  /**
   * Repeats `work` while it fails for reasons that may pass, with growing waits.
   *
   * @param gained whether the failed try brought something new, so that the count of tries starts again
   */
  async retry<Result>(work: () => Promise<Result>, gained: () => boolean = () => false): Promise<Result> {
    const { signal, retryMs = 1000 } = this.#options;
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof DownloadError) || error.transient === undefined) throw error;
        if (gained()) tries = 1;
        const { waitSeconds = 0 } = error.transient;
        if (tries === TRIES || waitSeconds > LONGEST_WAIT_SECONDS) throw error;
        await this.#pause(Math.max(waitSeconds * 1000, retryMs * 2 ** (tries - 1)));
      }
    }
  }

  /**
   * The whole body, in memory. One that is sent as gzip, though nobody asked for that, is unpacked.
   *
   * @throws DownloadError if it is larger than `mostBytes`, or is not got after a few tries
   */
  read(url: URL, mostBytes: number, options?: GetOptions): Promise<{ answer: Answer; bytes: Buffer }> {
    return this.retry(async () => {
      const answer = await this.get(url, options);
      const chunks: Buffer[] = [];
      for await (const chunk of limited(answer, mostBytes)) chunks.push(chunk);
      return { answer, bytes: unencoded(answer, Buffer.concat(chunks), mostBytes) };
    });
  }

  /**
   * The first bytes of the body, `mostBytes` at most; what comes behind is left. Otherwise as `read`.
   *
   * @throws DownloadError if it is not got after a few tries
   */
  readBeginning(
    url: URL,
    mostBytes: number,
    options?: GetOptions,
  ): Promise<{ answer: Answer; bytes: Buffer; isWhole: boolean }> {
    return this.retry(async () => {
      const answer = await this.get(url, options);
      const chunks: Buffer[] = [];
      let size = 0;
      try {
        for await (const chunk of answer.chunks()) {
          chunks.push(chunk);
          size += chunk.length;
          if (size > mostBytes) break;
        }
      } finally {
        answer.leave();
      }
      const body = Buffer.concat(chunks);
      const bytes = isGzipEncoded(answer) ? Buffer.from(gzipHead(body, mostBytes + 1)) : body;
      return { answer, bytes: bytes.subarray(0, mostBytes), isWhole: bytes.length <= mostBytes };
    });
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await sleep(ms, undefined, signal && { signal }).catch((error: unknown) => {
      signal?.throwIfAborted();
      throw error;
    });
  }

  async #ask(url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const { signal, stallMs = 30_000 } = this.#options;
    await this.#pause(Math.max(0, this.#askedAt + this.#delayMs - performance.now()));
    const secure = url.protocol === 'https:';
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, {
        agent: secure ? this.#agents.https : this.#agents.http,
        headers: { 'User-Agent': USER_AGENT, 'Accept-Encoding': 'identity', ...headers },
        ...(signal && { signal }),
      });
      request.on('response', resolve).on('error', reject);
      watch(request, stallMs);
      request.end();
    })
      .catch((error: unknown) => {
        signal?.throwIfAborted();
        throw lost(url, error);
      })
      .finally(() => {
        this.#askedAt = performance.now();
      });
    // Listened to from here on, so that no error passes unheard. Iterating over the response itself would drop what had
    // come just before the connection broke.
    const events = on(response, 'data', { close: ['end'], highWaterMark: MAX_WAITING_CHUNKS });
    return {
      url,
      status: response.statusCode ?? 0,
      headers: response.headers,
      chunks: () => chunksOf(url, events, signal),
      leave: () => response.destroy(),
    };
  }
}

/** How a request differs from a plain one. */
export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses beside 200 and 206 that the caller deals with. */
  readonly expected?: readonly number[];
  readonly admit?: ((url: URL) => void) | undefined;
}

const KEPT = { keepAlive: true, maxSockets: 1 } as const;

/**
 * The body of an answer, up to a size.
 *
 * @param before bytes that are there already and count as well
 * @throws DownloadError if it is larger, or says that it will be
 */
export async function* limited(answer: Answer, mostBytes: number, before = 0): AsyncGenerator<Buffer> {
  const tooLarge = () => new DownloadError(answer.url, `is larger than ${mostBytes} bytes`, 'check the address');
  let size = before;
  try {
    if (size + Number(answer.headers['content-length'] ?? 0) > mostBytes) throw tooLarge();
    for await (const chunk of answer.chunks()) {
      size += chunk.length;
      if (size > mostBytes) throw tooLarge();
      yield chunk;
    }
  } finally {
    answer.leave();
  }
}

/** Breaks a connection that stalls or drips. */
function watch(request: ClientRequest, stallMs: number): void {
  // Counted at the socket: to listen to the response would set it flowing before it is read.
  let before = 0;
  let exchange: ClientRequest | IncomingMessage = request;
  request.on('socket', (socket) => {
    before = socket.bytesRead;
  });
  request.on('response', (response) => {
    exchange = response;
  });
  const timer = setInterval(() => {
    const now = request.socket?.bytesRead ?? 0;
    if (now - before < MIN_BYTES) {
      const what = now === before ? 'nothing' : `only ${now - before} bytes`;
      exchange.destroy(new Error(`${what} came for ${stallMs / 1000} s`));
    }
    before = now;
  }, stallMs);
  request.on('close', () => clearInterval(timer));
}

function unencoded(answer: Answer, bytes: Buffer, mostBytes: number): Buffer {
  if (!isGzipEncoded(answer)) return bytes;
  const fail = (reason: string) =>
    new DownloadError(answer.url, `is sent as gzip that cannot be unpacked (${reason})`, 'tell the site');
  try {
    if (!isGzip(bytes)) throw fail('not gzip');
    const { content, repairs } = unpackGzip(bytes, mostBytes);
    if (repairs.length > 0) throw fail(repairs.join('; '));
    return Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  } catch (error) {
    throw error instanceof ApuError ? fail(error.message) : error;
  }
}

/** @throws DownloadError if the body is encoded in another way */
function isGzipEncoded({ url, headers }: Answer): boolean {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (/^identity$/i.test(encoding)) return false;
  if (/^(x-)?gzip$/i.test(encoding)) return true;
  throw new DownloadError(url, `is sent in the encoding "${encoding}", which nobody asked for`, 'tell the site');
}

async function* chunksOf(
  url: URL,
  events: AsyncIterator<Buffer[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  // What the reader of the chunks throws (a full disk) must not pass for a lost connection: so only `next` is guarded.
  for (;;) {
    const next = await events.next().catch((error: unknown) => {
      signal?.throwIfAborted();
      throw lost(url, error);
    });
    if (next.done) return;
    yield next.value[0];
    signal?.throwIfAborted();
  }
}

function lost(url: URL, error: unknown): DownloadError {
  // A host with several addresses fails with an error for each, and no words of its own.
  const [cause = error] = error instanceof AggregateError ? error.errors : [];
  const problem = `the connection failed (${messageOf(cause)})`;
  return new DownloadError(url, problem, 'check the network and run the command again; it goes on from here', {});
}

function refusal({ url, status, headers }: Answer): DownloadError {
  const problem = `the server answers with status ${status}`;
  if (status !== 408 && status !== 429 && status < 500) return new DownloadError(url, problem, 'check the address');
  const waitSeconds = retryAfter(headers['retry-after']);
  const wait = waitSeconds === undefined ? '' : ` and asks to wait ${waitSeconds} s`;
  return new DownloadError(url, problem + wait, 'run the command again later; it goes on from here', { waitSeconds });
}

/** Retry-After is a number of seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, Math.ceil(seconds));
}

function redirected(from: URL, location: string): URL {
  const problem = `is redirected to "${location}", which is not an http address`;
  return webAddress(location, new DownloadError(from, problem, 'check the address'), from);
}

/** @throws `otherwise` if the text is not an http or https address */
export function webAddress(text: string, otherwise: Error, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw otherwise;
  return url;
}
