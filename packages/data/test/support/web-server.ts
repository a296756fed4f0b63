import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach } from 'vitest';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface WebServer {
  /** "http://127.0.0.1:port" */
  readonly origin: string;
  /** "GET /path" or "GET /path bytes=5-" for each request since the test began. */
  readonly asked: string[];
  /** What answers; replaced by each test. */
  handler: Handler;
  /** Connections that were opened since the test began. */
  connections: number;
}

/** A server on loopback for the tests of a file. */
export async function startWebServer(): Promise<WebServer> {
  const server = createServer((request, response) => {
    const { range } = request.headers;
    web.asked.push(`${request.method} ${request.url}${range === undefined ? '' : ` ${range}`}`);
    web.handler(request, response);
  });
  server.on('connection', () => {
    web.connections++;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const web: WebServer = {
    origin: `http://127.0.0.1:${port}`,
    asked: [],
    handler: (_, response) => response.writeHead(404).end(),
    connections: 0,
  };
  afterEach(() => {
    server.closeAllConnections();
    web.asked.length = 0;
    web.connections = 0;
  });
  afterAll(() => server.close());
  return web;
}

/** First byte that a request asks for, or 0 for all. */
export function rangeStart({ headers }: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
}

/** Serves a file as a server that knows ranges does. @param cutAfter bytes after which the connection breaks */
export function serveRanges(file: Uint8Array, cutAfter = Number.POSITIVE_INFINITY): Handler {
  return (request, response) => {
    const start = rangeStart(request);
    if (start >= file.length) {
      response.writeHead(416).end();
      return;
    }
    const body = file.subarray(start);
    const partial = { 'Content-Range': `bytes ${start}-${file.length - 1}/${file.length}` };
    response.writeHead(start > 0 ? 206 : 200, { 'Content-Length': body.length, ...(start > 0 && partial) });
    sendCut(response, body, cutAfter);
  };
}

/** Sends a body, and breaks the connection once the client must have what was let through. */
export function sendCut(response: ServerResponse, body: Uint8Array, cutAfter: number): void {
  if (body.length <= cutAfter) response.end(body);
  else response.write(body.subarray(0, cutAfter), () => response.socket?.end());
}
