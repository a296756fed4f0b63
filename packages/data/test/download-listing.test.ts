import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../src/index.ts';
import { downloadListing, type Listing } from '../src/node/index.ts';
import { temporaryFolder } from './support/folder.ts';
import { type Handler, sendCut, startWebServer } from './support/web-server.ts';

const root = temporaryFolder();
const web = await startWebServer();

/** A MIDI file of one track without notes, told apart by a text of `length` bytes. */
function midi(text: string): Buffer {
  const track = Buffer.concat([
    Buffer.from([0, 0xff, 1, text.length]),
    Buffer.from(text),
    Buffer.from([0, 0xff, 0x2f, 0]),
  ]);
  const head = Buffer.from([0x4d, 0x54, 0x68, 0x64, 0, 0, 0, 6, 0, 0, 0, 1, 0, 96, 0x4d, 0x54, 0x72, 0x6b, 0, 0, 0, 0]);
  head.writeUInt32BE(track.length, 18);
  return Buffer.concat([head, track]);
}

const PAGE = '/music/nes/';
const page = (...hrefs: string[]) => hrefs.map((href) => `<td><a href="${href}">song</a></td>`).join('\n');
/** What stands at each path: bytes, a page, or a handler; all else is 404. */
let site: Record<string, Buffer | string | Handler> = {};
let count = 0;
let folder = '';
beforeEach(() => {
  folder = join(root, String(count++));
  site = {};
  web.handler = (request, response) => {
    const found = site[request.url ?? ''];
    if (found === undefined) response.writeHead(404).end('none');
    else if (typeof found === 'function') found(request, response);
    else response.end(found);
  };
});

const download = (options = {}, address = web.origin + PAGE) =>
  downloadListing(address, folder, { delayMs: 0, retryMs: 1, stallMs: 2000, ...options });
const files = () =>
  !existsSync(folder)
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((path) => statSync(join(folder, path)).isFile())
        .map((path) => path.replace(/^[^/\\]*[/\\]/, '').replaceAll('\\', '/'))
        .sort();
const contentOf = (listing: Listing, path: string) => readFileSync(join(listing.folder, path));

async function expectRefusal(message: RegExp, address = web.origin + PAGE): Promise<void> {
  const error: unknown = await download({}, address).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataError);
  expect((error as Error).message).toMatch(message);
}

describe('downloadListing', () => {
  it('brings each MIDI file that the page links to, over one connection, and asks later for the missing ones only', async () => {
    site[PAGE] = `<base href="/music/nes/"><!-- <a href="old.mid"> -->
      <a class=x HREF='Zelda%20II.mid'>A</a> <a href=sub/b.MIDI#top>B</a> <a data-href="no.mid" href="page.html">no</a>
      <a href="/other/c.mid?a=1&amp;b=2">C</a> <a href="Zelda%20II.mid">again</a> <a href="mailto:x@y.mid">no</a>
      <!-- <a href="never.mid">`;
    site['/music/nes/Zelda%20II.mid'] = midi('a');
    site['/other/c.mid?a=1&b=2'] = midi('c');
    const shown: string[] = [];
    const onProgress = ({ done, total }: { done: number; total: number }) => shown.push(`${done}/${total}`);
    const first = await download({ onProgress });
    expect(shown).toEqual(['0/3', '1/3', '2/3', '3/3']);
    const reason = 'the server answers with status 404';
    expect(first).toMatchObject({
      downloaded: 2,
      present: 0,
      left: [{ url: `${web.origin}/music/nes/sub/b.MIDI`, reason }],
    });
    expect(files()).toEqual(['Zelda II.mid', 'other/c.mid']);
    expect(contentOf(first, 'Zelda II.mid')).toEqual(midi('a'));
    expect(contentOf(first, 'other/c.mid')).toEqual(midi('c'));

    site['/music/nes/sub/b.MIDI'] = midi('b');
    web.asked.length = 0;
    expect(await download()).toMatchObject({ folder: first.folder, downloaded: 1, present: 2, left: [] });
    expect(web.asked).toEqual(['GET /robots.txt', 'GET /music/nes/', 'GET /music/nes/sub/b.MIDI']);
    expect(files()).toEqual(['Zelda II.mid', 'other/c.mid', 'sub/b.MIDI']);
  });

  it('uses one connection while the server keeps it open', async () => {
    site['/robots.txt'] = '';
    site[PAGE] = page('a.mid', 'b.mid', 'c.mid');
    for (const name of ['a', 'b', 'c']) site[`${PAGE}${name}.mid`] = midi(name);
    await download();
    expect(web.asked).toHaveLength(5);
    expect(web.connections).toBe(1);
  });

  it('waits between requests, and longer where robots.txt says so', async () => {
    const times: number[] = [];
    const serve = web.handler;
    web.handler = (request, response) => {
      times.push(performance.now());
      serve(request, response);
    };
    const shortest = () => Math.min(...times.slice(1).map((time, index) => time - times[index]));
    site[PAGE] = page('a.mid', 'b.mid');
    site[`${PAGE}a.mid`] = midi('a');
    await download({ delayMs: 40 });
    // Timers may fire a millisecond early.
    expect(shortest()).toBeGreaterThanOrEqual(38);
    times.length = 0;
    folder = join(root, String(count++));
    site['/robots.txt'] = 'User-agent: *\nCrawl-delay: 0.08';
    await download({ delayMs: 40 });
    expect(shortest()).toBeGreaterThanOrEqual(78);
  });

  it('leaves out what robots.txt forbids, and asks for nothing where it forbids the page', async () => {
    site['/robots.txt'] = 'User-agent: *\nDisallow: /music/nes/private/';
    site[PAGE] = page('a.mid', 'private/b.mid', 'moved.mid');
    site[`${PAGE}a.mid`] = midi('a');
    site[`${PAGE}private/b.mid`] = midi('b');
    site[`${PAGE}moved.mid`] = (_, response) => response.writeHead(302, { Location: 'private/b.mid' }).end();
    const { left } = await download();
    expect(left.map(({ reason }) => reason)).toEqual(Array(2).fill("the site's robots.txt forbids it"));
    expect(files()).toEqual(['a.mid']);
    expect(web.asked).not.toContain(`GET ${PAGE}private/b.mid`);
    web.asked.length = 0;
    site['/robots.txt'] = 'User-agent: Chipsmith/2.0\nDisallow: /music';
    await expectRefusal(/nes\/: the site's robots\.txt forbids it; /);
    site['/robots.txt'] = (_, response) => response.writeHead(500).end();
    await expectRefusal(/robots\.txt: the server answers with status 500; /);
    expect(new Set(web.asked)).toEqual(new Set(['GET /robots.txt']));
  });

  it('reads as much of a long robots.txt as the standard asks for, up to the last whole line', async () => {
    site[PAGE] = page('a.mid', 'b.mid', 'c.mid');
    for (const name of ['a', 'b', 'c']) site[`${PAGE}${name}.mid`] = midi(name);
    const rule = (name: string) => `Disallow: /music/nes/${name}.mid\n`;
    const before = `User-agent: *\n${rule('a')}`;
    const filling = `# ${'x'.repeat(97)}\n`.repeat(5200).slice(0, 500 * 2 ** 10 - before.length - 12);
    // The limit falls into the path of the rule for b: "Disallow: /m" would forbid everything.
    const text = `${before}${filling.slice(0, -1)}\n${rule('b')}${rule('c')}${'# end\n'.repeat(100_000)}`;
    for (const packed of [false, true]) {
      folder = join(root, String(count++));
      site['/robots.txt'] = (_, response) =>
        response.writeHead(200, packed ? { 'Content-Encoding': 'gzip' } : {}).end(packed ? gzipSync(text) : text);
      expect((await download()).left.map(({ url }) => url)).toEqual([`${web.origin}${PAGE}a.mid`]);
      expect(files()).toEqual(['b.mid', 'c.mid']);
    }
  });

  it('does not leave the site, by link or by redirect', async () => {
    const elsewhere = web.origin.replace('127.0.0.1', 'localhost');
    site[PAGE] = page('a.mid', `${elsewhere}/b.mid`, 'c.mid');
    site[`${PAGE}a.mid`] = midi('a');
    site['/b.mid'] = midi('b');
    site[`${PAGE}c.mid`] = (_, response) => response.writeHead(301, { Location: `${elsewhere}/b.mid` }).end();
    const { left } = await download();
    expect(left.map(({ reason }) => reason)).toEqual(['is on another site', 'is on another site']);
    expect(web.asked).not.toContain('GET /b.mid');
  });

  it('keeps nothing that is not a whole MIDI file', async () => {
    const lying: Handler = (_, response) => {
      response.socket?.write('HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n');
      response.socket?.end(midi('a long enough text'));
    };
    const cases: [Handler | Buffer | string, RegExp][] = [
      ['<html>not here</html>', /^is not a MIDI file$/],
      ['', /^is not a MIDI file$/],
      [Buffer.concat([midi('big'), Buffer.alloc(3000)]), /^is larger than 2000 bytes$/],
      [lying, /^is cut short after 30 bytes$/],
      [(_, response) => response.writeHead(410).end(), /status 410/],
      [(_, response) => sendCut(response.writeHead(200, { 'Content-Length': 100 }), Buffer.alloc(100), 50), /failed/],
      [(_, response) => response.writeHead(302, { Location: 'x.mid' }).end(), /more than 5 redirects/],
    ];
    site[PAGE] = page('good.mid', ...cases.map((_, index) => `${index}.mid`));
    site[`${PAGE}good.mid`] = midi('good');
    site[`${PAGE}x.mid`] = (_, response) => response.writeHead(302, { Location: 'x.mid' }).end();
    for (const [index, [answer]] of cases.entries()) site[`${PAGE}${index}.mid`] = answer;
    const { downloaded, left } = await download({ mostBytes: 2000 });
    expect(downloaded).toBe(1);
    expect(left).toHaveLength(cases.length);
    for (const [index, { reason }] of left.entries()) expect(reason).toMatch(cases[index][1]);
    expect(files()).toEqual(['good.mid']);
  });

  it('tries again after a cut, a silence, 429 and 500', async () => {
    const troubles: Handler[] = [
      (_, response) => sendCut(response.writeHead(200, { 'Content-Length': 100 }), Buffer.alloc(100), 50),
      () => {},
      (_, response) => response.writeHead(429, { 'Retry-After': '0' }).end(),
      (_, response) => response.writeHead(500).end(),
    ];
    site[PAGE] = page('a.mid');
    site[`${PAGE}a.mid`] = (request, response) => {
      const trouble = troubles.shift() ?? ((_, answer) => answer.end(midi('a')));
      trouble(request, response);
    };
    expect(await download({ stallMs: 100 })).toMatchObject({ downloaded: 1, left: [] });
  });

  it('stops where the server fails again and again or asks to wait, keeps what came, and goes on later', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const tell =
      (status: number, headers = {}): Handler =>
      (_, response) =>
        response.writeHead(status, headers).end();
    site[PAGE] = page(...names.map((name) => `${name}.mid`));
    for (const name of names) site[`${PAGE}${name}.mid`] = name === 'a' ? midi(name) : tell(503);
    await expectRefusal(/d\.mid: the server answers with status 503; run the command again later/);
    expect(files()).toEqual(['a.mid']);
    expect(web.asked).not.toContain(`GET ${PAGE}e.mid`);
    site[`${PAGE}b.mid`] = midi('b');
    site[`${PAGE}c.mid`] = tell(429, { 'Retry-After': '600' });
    await expectRefusal(/c\.mid: the server answers with status 429 and asks to wait 600 s/);
    for (const name of names) site[`${PAGE}${name}.mid`] = midi(name);
    expect(await download()).toMatchObject({ downloaded: 3, present: 2, left: [] });
  });

  it('stops when it is aborted, between whole files', async () => {
    site[PAGE] = page('a.mid', 'b.mid');
    site[`${PAGE}a.mid`] = midi('a');
    site[`${PAGE}b.mid`] = midi('b');
    const controller = new AbortController();
    const onProgress = ({ done }: { done: number }) => {
      if (done === 1) controller.abort(new Error('enough'));
    };
    await expect(download({ signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(files()).toEqual(['a.mid']);
    expect(await download()).toMatchObject({ downloaded: 1, present: 1 });
  });

  it('writes nowhere but below its folder, and no two files to one name', async () => {
    const hrefs = [
      '..%2f..%2f..%2fescape.mid',
      '%2e%2e/up.mid',
      '.hidden.mid',
      'A.mid',
      'a.mid',
      'bad%zz.mid',
      'a.mid/under.mid',
      'x.mid/y.mid',
      'X.mid',
      'c%3a%5cd.mid',
    ];
    site[PAGE] = page(...hrefs);
    web.handler = (request, response) => {
      const found = request.url === PAGE ? site[PAGE] : request.url === '/robots.txt' ? '' : midi(request.url ?? '');
      response.end(found);
    };
    const { left } = await download();
    const reason = 'another link has its name';
    expect(left).toEqual(
      ['a.mid', 'a.mid/under.mid', 'X.mid'].map((href) => ({ url: `${web.origin}${PAGE}${href}`, reason })),
    );
    expect(files()).toEqual(
      ['A.mid', '-..-..-escape.mid', 'bad%zz.mid', 'c-d.mid', 'hidden.mid', 'music/up.mid', 'x.mid/y.mid'].sort(),
    );
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('names files as Windows and long addresses allow', async () => {
    const japanese = `${encodeURIComponent('音'.repeat(100))}.mid`;
    site[PAGE] = page('con.mid', 'Com1.final.mid', 'console.mid', japanese);
    for (const name of ['con.mid', 'Com1.final.mid', 'console.mid', japanese])
      site[PAGE + name] = midi(name.slice(0, 9));
    expect(await download()).toMatchObject({ downloaded: 4, left: [] });
    expect(files()).toEqual(['-Com1.final.mid', '-con.mid', 'console.mid', `${'音'.repeat(65)}.mid`].sort());
    expect(await download()).toMatchObject({ downloaded: 0, present: 4 });
  });

  it('reads pages in the charset that server or page names, and what is sent as gzip unasked', async () => {
    const link = 'Pok\xe9mon.mid';
    site['/music/nes/Pok%C3%A9mon.mid'] = (_, response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(midi('a')));
    const inLatin1 = (text: string) => Buffer.from(text, 'latin1');
    const pages: Handler[] = [
      (_, response) =>
        response.writeHead(200, { 'Content-Type': 'text/html; charset="ISO-8859-1"' }).end(inLatin1(page(link))),
      (_, response) => response.end(inLatin1(`<meta charset=iso-8859-1>${page(link)}`)),
      (_, response) => response.end(`<meta charset=nonsense>${page(link)}`),
      (_, response) => response.writeHead(200, { 'Content-Encoding': 'x-gzip' }).end(gzipSync(page(link))),
    ];
    for (const answer of pages) {
      folder = join(root, String(count++));
      site[PAGE] = answer;
      expect(await download()).toMatchObject({ downloaded: 1, left: [] });
      expect(files()).toEqual(['Pok\xe9mon.mid']);
    }
    const encoded: [string, Buffer, RegExp][] = [
      ['br', Buffer.from('x'), /is sent in the encoding "br"/],
      ['gzip', Buffer.from('x'), /is sent as gzip that cannot be unpacked/],
      ['gzip', gzipSync(Buffer.alloc(20 * 2 ** 20)), /cannot be unpacked \(.*more than 16777216 bytes/],
    ];
    for (const [encoding, body, message] of encoded) {
      site[PAGE] = (_, response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(body);
      await expectRefusal(message);
    }
  });

  it('leaves a site alone that asks for waits of more than a minute', async () => {
    for (const delay of ['61', '3000000', 'Infinity']) {
      site['/robots.txt'] = `User-agent: *\nCrawl-delay: ${delay}`;
      await expectRefusal(/nes\/: the site's robots\.txt asks to wait .* s before each request; download/);
    }
    expect(web.asked).not.toContain(`GET ${PAGE}`);
  });

  it('says in one line what is wrong with a page', async () => {
    await expectRefusal(/nes\/: the server answers with status 404; check the address/);
    site[PAGE] = page('a.html', 'b.mp3');
    await expectRefusal(/nes\/: links to no MIDI files; give the page that lists them/);
    site[PAGE] = page('a.mid', 'b.mid');
    await expectRefusal(/none of the 2 MIDI files it links to could be fetched \(.*a\.mid: .*404\); try another page/);
    for (const address of ['vgmusic.com', 'ftp://host/', '']) await expectRefusal(/is not an http address/, address);
    expect(files()).toEqual([]);
  });
});
