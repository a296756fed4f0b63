import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isSystemError } from '@chipsmith/data/node';
import type { MetricsPosition } from '@chipsmith/models';
import type { RunRecord } from '@chipsmith/models/node';
import { watchPage } from '../page/watch-page.ts';
import { CommandError } from '../terminal/errors.ts';
import type { Answers } from './messages.ts';
import { previewCards } from './preview-cards.ts';
import { type Runs, runsIn, stateOf } from './runs.ts';

/** Of this machine only. */
const LOOPBACK = '127.0.0.1';

/**
 * Names under which a browser of this machine asks for the page. Another name is one that somebody else has pointed
 * here.
 */
const OWN_NAMES = [LOOPBACK, 'localhost', '[::1]'];

export interface WatchServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the page that follows runs, to this machine only. It writes nothing, and gives no file but those of runs.
 *
 * @param folder of a run, or of several
 * @param port 0 for any that is free
 * @throws CommandError if the port cannot be had
 */
export async function startWatchServer(folder: string, port: number): Promise<WatchServer> {
  const server = createServer((request, response) => {
    void answer(folder, request).then(({ status, type, body }) => {
      response.writeHead(status, {
        'content-type': type,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  });
  await listening(server, port);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${taken}/`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const reason =
        isSystemError(error) && error.code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${error.message})`;
      reject(new CommandError(`Port ${port} ${reason}; choose another --port, or leave it out for any that is free.`));
    });
    server.listen(port, LOOPBACK, resolve);
  });
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const refusal = (status: number, body: string): Answer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: `${body}\n`,
});

async function answer(folder: string, { method, headers, url = '/' }: IncomingMessage): Promise<Answer> {
  const name = (headers.host ?? '').replace(/:\d*$/, '');
  if (!OWN_NAMES.includes(name)) return refusal(403, `Ask for ${LOOPBACK}: this page is for the machine it runs on.`);
  if (method !== 'GET' && method !== 'HEAD') return refusal(405, 'There is nothing to change here.');
  const { pathname, searchParams } = new URL(url, `http://${LOOPBACK}`);
  try {
    if (pathname === '/') return { status: 200, type: 'text/html; charset=utf-8', body: watchPage() };
    // Browsers ask for it by themselves, and complain where it is missing.
    if (pathname === '/favicon.ico') return refusal(204, '');
    const found = await answerOf(pathname, searchParams, await runsIn(folder));
    if (found === undefined) return refusal(404, 'There is nothing of this name.');
    return { status: 200, type: 'application/json', body: JSON.stringify(found) };
  } catch (error) {
    // A run may be moved away, or a preview dropped, while it is read.
    return refusal(404, error instanceof Error ? error.message : String(error));
  }
}

async function answerOf(path: string, query: URLSearchParams, runs: Runs): Promise<Answers[keyof Answers] | undefined> {
  if (path === '/runs') {
    const states = await Promise.all([...runs].map(([name, record]) => stateOf(name, record)));
    return states.filter((state) => state !== undefined);
  }
  // A name is looked up and never made part of a path.
  const name = query.get('run') ?? '';
  const record = runs.get(name);
  if (record === undefined) return undefined;
  if (path === '/metrics') return record.metrics(positionOf(query));
  return path === '/preview' ? previewOf(record, name, query) : undefined;
}

function positionOf(query: URLSearchParams): MetricsPosition | undefined {
  const [file, offset] = ['file', 'offset'].map((name) => numberOf(query, name));
  return file === undefined || offset === undefined ? undefined : { file, offset };
}

async function previewOf(record: RunRecord, name: string, query: URLSearchParams) {
  const step = numberOf(query, 'step');
  if (step === undefined) return undefined;
  return previewCards(join(record.path, 'previews', `step-${step}`), `${name} ${step}`);
}

/** A whole number of at least 0; undefined for anything else. */
function numberOf(query: URLSearchParams, name: string): number | undefined {
  const typed = query.get(name) ?? '';
  return /^\d{1,16}$/.test(typed) ? Number(typed) : undefined;
}
