import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { DataError, Random } from '../src/index.ts';
import { type Archive, DownloadError, downloadArchive, NESMDB } from '../src/node/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { type Handler, rangeStart, sendCut, serveRanges, startWebServer } from './support/web-server.ts';

const root = temporaryFolder();
const web = await startWebServer();
const random = new Random(4);
const file = Uint8Array.from({ length: 200_000 }, () => random.nextFloat() * 256);
const sha256 = createHash('sha256').update(file).digest('hex');
const QUICK = { retryMs: 1, stallMs: 2000 };
/** For servers that stall; too short for others on a busy machine. */
const IMPATIENT = { stallMs: 100 };

let count = 0;
let folder = '';
let archive: Archive;
beforeEach(() => {
  folder = join(root, String(count++));
  archive = { name: 'songs.tar.gz', urls: [`${web.origin}/songs`], sha256, mostBytes: 300_000 };
});

const names = () => (existsSync(folder) ? readdirSync(folder) : []);
const download = (options = {}) => downloadArchive(archive, folder, { ...QUICK, ...options });

/** Leaves nothing but the whole file. */
async function expectFile(options = {}): Promise<void> {
  expect(await download(options)).toBe(join(folder, archive.name));
  expect(readFileSync(join(folder, archive.name)).equals(file)).toBe(true);
  expect(names()).toEqual([archive.name]);
}

async function expectRefusal(message: RegExp, left: readonly string[] = [], options = {}): Promise<void> {
  const error: unknown = await download(options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toMatch(/\n/);
  expect(names()).toEqual(left);
}

describe('downloadArchive', () => {
  it('downloads once, tells how far it is, and does not ask for what is there', async () => {
    web.handler = serveRanges(file);
    const shown: number[] = [];
    const onProgress = ({ bytes, total }: { bytes: number; total: number | undefined }) => {
      expect(total).toBe(file.length);
      shown.push(bytes);
    };
    await expectFile({ onProgress });
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
    expect(shown.at(-1)).toBe(file.length);
    await expectFile();
    expect(web.asked).toEqual(['GET /songs']);
  });

  it('goes on where a broken connection stopped, wherever that is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 6 }), async (cuts) => {
        folder = join(root, String(count++));
        let tries = 0;
        web.handler = (request, response) => serveRanges(file, cuts[tries++])(request, response);
        await expectFile();
      }),
      { seed: 1, numRuns: 15 },
    );
  });

  it('asks only for what is missing, and counts tries anew while more comes', async () => {
    web.handler = serveRanges(file, 20_000);
    await expectFile();
    const starts = Array.from({ length: 9 }, (_, index) => ` bytes=${(index + 1) * 20_000}-`);
    expect(web.asked).toEqual(['', ...starts].map((range) => `GET /songs${range}`));
  });

  it('starts over at a server without ranges, and gives up if that never gets further', async () => {
    const cutOnce: Handler = (_, response) => {
      response.writeHead(200, { 'Content-Length': file.length });
      sendCut(response, file, web.asked.length === 1 ? 100_000 : file.length);
    };
    web.handler = cutOnce;
    await expectFile();
    folder = join(root, String(count++));
    web.handler = (_, response) => {
      response.writeHead(200, { 'Content-Length': file.length });
      sendCut(response, file, 100_000);
    };
    await expectRefusal(/songs: the connection failed .*; check the network/, ['songs.tar.gz.part']);
    web.handler = serveRanges(file);
    await expectFile();
    expect(web.asked.at(-1)).toBe('GET /songs bytes=100000-');
  });

  it('continues in a second call what an aborted one left', async () => {
    web.handler = serveRanges(file);
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(download({ signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(names()).toEqual(['songs.tar.gz.part']);
    await expectFile();
    expect(web.asked[1]).toMatch(/^GET \/songs bytes=\d+-$/);
  });

  it('ends a wait when it is aborted', async () => {
    const controller = new AbortController();
    web.handler = (_, response) => {
      response.writeHead(503, { 'Retry-After': '50' }).end();
      setTimeout(() => controller.abort(new Error('enough')), 50);
    };
    await expect(download({ signal: controller.signal })).rejects.toThrow('enough');
  });

  it('takes a whole file that was not renamed, and throws away one that is another', async () => {
    web.handler = serveRanges(file);
    await mkdir(folder);
    writeFileSync(join(folder, 'songs.tar.gz.part'), file);
    await expectFile();
    for (const wrong of [file.slice(1), new Uint8Array(file.length), new Uint8Array(5), new Uint8Array(250_000)]) {
      folder = join(root, String(count++));
      await mkdir(folder);
      writeFileSync(join(folder, 'songs.tar.gz.part'), wrong);
      await expectFile();
    }
  });

  it('refuses wrong bytes, and leaves none of them', async () => {
    web.handler = serveRanges(file.map((byte, index) => (index === 150_000 ? byte ^ 1 : byte)));
    await expectRefusal(/songs: the file's SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}; /);
  });

  it('does not believe lengths', async () => {
    const saying = (length: number, body: Uint8Array): Handler => {
      return (_, response) => {
        response.socket?.write(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
        response.socket?.end(body);
      };
    };
    // Less than comes: the rest is not part of the answer.
    web.handler = saying(150_000, file);
    await expectRefusal(/SHA-256/);
    // More than comes: goes on, here to no avail.
    web.handler = saying(250_000, file.subarray(0, 100));
    await expectRefusal(/connection failed/, ['songs.tar.gz.part']);
    // More than is allowed, said or sent.
    folder = join(root, String(count++));
    web.handler = saying(300_001, file);
    await expectRefusal(/songs: is larger than 300000 bytes/);
    web.handler = (_, response) => {
      for (let sent = 0; sent < 5; sent++) response.write(file);
      response.end();
    };
    await expectRefusal(/songs: is larger than 300000 bytes/);
    expect(web.asked).toHaveLength(1 + 5 + 1 + 1);
  });

  it('does not believe ranges', async () => {
    const cutThen = (second: Handler): Handler => {
      return (request, response) => (web.asked.length === 1 ? serveRanges(file, 50_000) : second)(request, response);
    };
    for (const headers of [{ 'Content-Range': 'bytes 7-199999/200000' }, { 'Content-Range': 'all of it' }, {}]) {
      web.asked.length = 0;
      folder = join(root, String(count++));
      web.handler = cutThen((request, response) => {
        if (rangeStart(request) > 0) response.writeHead(206, headers).end(file.subarray(7));
        else response.end(file);
      });
      await expectFile();
    }
    // Says the right part and sends another one.
    web.asked.length = 0;
    folder = join(root, String(count++));
    web.handler = cutThen((request, response) => {
      if (rangeStart(request) === 0) return response.end(file);
      return response.writeHead(206, { 'Content-Range': 'bytes 50000-199999/200000' }).end(file.subarray(0, 150_000));
    });
    await expectRefusal(/SHA-256/);
    await expectFile();
  });

  it('waits and asks again after 429 and 5xx, not after 404', async () => {
    const replies = [429, 500, 503, 502];
    web.handler = (request, response) => {
      const status = replies.shift();
      if (status === undefined) serveRanges(file)(request, response);
      else response.writeHead(status, { 'Retry-After': status === 429 ? new Date().toUTCString() : '0' }).end('later');
    };
    await expectFile();
    expect(web.asked).toHaveLength(5);
    folder = join(root, String(count++));
    const expectAfter = async (status: number, asked: number, message: RegExp, headers = {}) => {
      web.asked.length = 0;
      web.handler = (_, response) => response.writeHead(status, headers).end();
      await expectRefusal(message);
      expect(web.asked).toHaveLength(asked);
    };
    await expectAfter(404, 1, /songs: the server answers with status 404; check the address/);
    await expectAfter(416, 1, /status 416/);
    await expectAfter(500, 5, /status 500; run the command again later/);
    await expectAfter(429, 1, /status 429 and asks to wait 3600 s; /, { 'Retry-After': '3600' });
  });

  it('follows redirects, but not for ever and not away from the web', async () => {
    web.handler = (request, response) => {
      if (request.url === '/file') return serveRanges(file, 150_000)(request, response);
      return response.writeHead(302, { Location: request.url === '/songs' ? '/hop' : `${web.origin}/file` }).end();
    };
    await expectFile();
    folder = join(root, String(count++));
    web.handler = (_, response) => response.writeHead(301, { Location: '/songs' }).end();
    await expectRefusal(/more than 5 redirects/);
    for (const Location of ['file:///etc/passwd', 'http://']) {
      web.handler = (_, response) => response.writeHead(302, { Location }).end();
      await expectRefusal(/is redirected to ".*", which is not an http address/);
    }
  });

  it('gives up on a server that falls silent, before or within its answer', async () => {
    web.handler = () => {};
    await expectRefusal(/the connection failed \(nothing came for 0\.1 s\)/, [], IMPATIENT);
    web.handler = (_, response) => {
      response.writeHead(200, { 'Content-Length': file.length });
      response.write(file.subarray(0, 100));
    };
    await expectRefusal(/the connection failed/, ['songs.tar.gz.part'], IMPATIENT);
  });

  it('gives up on a server that drips, in its head or its body', async () => {
    const drip = (write: () => unknown) => {
      const timer = setInterval(write, 10);
      setTimeout(() => clearInterval(timer), 2000);
    };
    web.handler = (_, response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\n');
      drip(() => response.socket?.write('X-More: 1\r\n'));
    };
    await expectRefusal(/the connection failed \(only \d+ bytes came for 0\.1 s\)/, [], IMPATIENT);
    web.handler = (_, response) => {
      response.writeHead(200, { 'Content-Length': file.length });
      let sent = 0;
      drip(() => response.write(file.subarray(sent, ++sent)));
    };
    await expectRefusal(/the connection failed \(only \d+ bytes came for 0\.1 s\)/, ['songs.tar.gz.part'], IMPATIENT);
  });

  it('goes on at another address with what one gave, and names the trouble of each', async () => {
    const urls = ['/page', '/cut', '/whole'].map((path) => web.origin + path);
    archive = { ...archive, urls };
    web.handler = (request, response) => {
      if (request.url === '/page')
        response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end('<html>');
      else if (request.url === '/whole') serveRanges(file)(request, response);
      else if (rangeStart(request) > 0) response.writeHead(404).end();
      else serveRanges(file, 60_000)(request, response);
    };
    await expectFile();
    expect(web.asked.at(-1)).toBe('GET /whole bytes=60000-');
    folder = join(root, String(count++));
    web.handler = (_, response) => response.writeHead(403).end();
    await expectRefusal(
      /songs\.tar\.gz: no address gives it: .*page: .*403, and .*cut: .*403, and .*whole: .*403; run/,
    );
  });

  it('touches no other file, and says what the disk refuses', async () => {
    await mkdir(folder);
    writeFileSync(join(folder, archive.name), 'mine');
    await expectRefusal(/songs\.tar\.gz: is there already, with another checksum; remove it/, [archive.name]);
    expect(readFileSync(join(folder, archive.name), 'utf8')).toBe('mine');
    folder = join(folder, archive.name);
    await expect(download()).rejects.toThrow(/a part of the path is a file|file already exists/);
    await expect(download()).rejects.not.toBeInstanceOf(DownloadError);
    expect(web.asked).toEqual([]);
  });

  it('refuses what is not a web address', async () => {
    for (const url of ['songs', 'file:///songs', '']) {
      archive = { ...archive, urls: [url] };
      await expectRefusal(/is not an http address/);
    }
  });
});

it('knows NES-MDB by the checksum that its authors give', () => {
  expect(NESMDB.sha256).toBe('37610e2ca5fe70359c85170cf1f4982596783bb304c59d9c439f68c24ff4ee93');
});
