import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { RunFolder } from '@chipsmith/models/node';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWatchServer, type WatchServer } from '../src/watch/server.ts';
import { browser, browserPages } from './support/browser.ts';
import { expectFailure, filesOf, jsonOf, scratchFolder, start, TINY, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const runs = join(folder, 'runs');
const run = join(runs, 'one & only');
const metrics = join(run, 'metrics.jsonl');
const servers: WatchServer[] = [];

async function serve(place: string): Promise<WatchServer> {
  const server = await startWatchServer(place, 0);
  servers.push(server);
  return server;
}

beforeAll(async () => {
  await writeMidiFolder(join(folder, 'midi'), 8);
  const data = join(folder, 'data');
  await jsonOf(`prepare ${join(folder, 'midi')} --output ${data}`);
  const trained = join(folder, 'trained');
  await jsonOf(`train --data ${data} --run ${trained} --steps 40 --preview-every 20 --learning-rate 0.03 ${TINY}`);
  await mkdir(runs);
  await cp(trained, run, { recursive: true });
});
afterAll(async () => {
  for (const server of servers) await server.close();
});

describe('previews of train', () => {
  it('lie in the folder of the run, which can go on', async () => {
    const files = await filesOf(run);
    expect(files).toContain('device.json');
    for (const step of [20, 40]) {
      const tracks = files.filter((file) => file.startsWith(`previews/step-${step}/`));
      expect(tracks.length).toBeGreaterThan(0);
      expect(new Set(tracks.map((file) => file.replace(/.*\./, '')))).toEqual(new Set(['mid', 'vgm', 'json']));
    }
  });
});

interface Got {
  readonly status: number | undefined;
  readonly body: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** Asks as any program could: with any path and any name of the host. */
function get({ url }: WatchServer, path: string, { host = '', method = 'GET' } = {}): Promise<Got> {
  const { port } = new URL(url);
  const headers = host === '' ? {} : { host };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers }, async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, body, headers: response.headers });
    });
    asked.on('error', reject);
    asked.end();
  });
}

describe('the server of watch', () => {
  it('answers to names of this machine only, and changes nothing', async () => {
    const server = await serve(run);
    const { port } = new URL(server.url);
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      expect((await get(server, '/runs', { host: `${name}:${port}` })).status).toBe(200);
    }
    for (const host of ['example.org', `example.org:${port}`, '127.0.0.1.example.org', '192.168.1.2', 'localhost.']) {
      const { status, body } = await get(server, '/runs', { host });
      expect([status, body]).toEqual([403, expect.stringContaining('127.0.0.1')]);
    }
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await get(server, '/runs', { method })).status).toBe(405);
    }
    const { headers } = await get(server, '/');
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('gives nothing but runs and their previews', async () => {
    const server = await serve(runs);
    const name = encodeURIComponent('one & only');
    for (const path of [
      '/config.json',
      '/../trained/config.json',
      '/metrics',
      '/metrics?run=..',
      '/metrics?run=../trained',
      '/metrics?run=nothing',
      `/preview?run=${name}`,
      `/preview?run=${name}&step=7`,
      `/preview?run=${name}&step=20/../../..`,
      `/preview?run=${name}&step=-1`,
      '/preview?run=../../data&step=20',
    ]) {
      expect([path, (await get(server, path)).status]).toEqual([path, 404]);
    }
    const { cards, files } = JSON.parse((await get(server, `/preview?run=${name}&step=20`)).body);
    expect(cards).toContain('step 20');
    expect(Object.keys(files)[0]).toMatch(/^one & only 20 track-0\d\.vgm$/);
  });

  it('gives lines of metrics once they are whole, and those that follow', async () => {
    const server = await serve(run);
    const ask = async (query = '') => JSON.parse((await get(server, `/metrics?run=one%20%26%20only${query}`)).body);
    const first = await ask();
    expect(first.lines.map(({ step }: { step: number }) => step)).toEqual([10, 20, 30, 40]);
    const { file, offset } = first.position;
    const before = await readFile(metrics, 'utf8');
    await appendFile(metrics, '{"step":50,"lo');
    expect(await ask(`&file=${file}&offset=${offset}`)).toEqual({
      isStart: false,
      lines: [],
      position: first.position,
    });
    await writeFile(metrics, before);
    expect((await ask('&file=abc&offset=-5')).lines).toEqual(first.lines);
  });

  it('says that a run is gone, and goes on for others', async () => {
    const own = join(folder, 'several');
    for (const name of ['a', 'b']) await cp(run, join(own, name), { recursive: true });
    const server = await serve(own);
    const names = async () => JSON.parse((await get(server, '/runs')).body).map((each: { name: string }) => each.name);
    expect(await names()).toEqual(['a', 'b']);
    await rm(join(own, 'a'), { recursive: true });
    expect(await names()).toEqual(['b']);
    await rm(own, { recursive: true });
    expect(await get(server, '/runs')).toMatchObject({ status: 404, body: expect.stringContaining('several') });
  });
});

describe('watch', () => {
  it('prints once how far runs are, with --json', async () => {
    const { runs: told } = (await jsonOf(`watch ${runs}`)) as { runs: Record<string, unknown>[] };
    expect(told).toMatchObject([
      {
        ...{ name: 'one & only', folder: run, model: 'basic-rnn', isTraining: false, previews: [20, 40] },
        last: { step: 40 },
        best: { step: 40, loss: expect.any(Number) },
        start: { measured: { parameters: expect.any(Number) } },
      },
    ]);
  });

  it('refuses what is no run, more than one folder, and a port that is taken', async () => {
    await expectFailure(1, /midi: holds no run; name a folder that train wrote/, `watch ${join(folder, 'midi')}`);
    await expectFailure(1, /nothing: .*no such file/, `watch ${join(folder, 'nothing')}`);
    await expectFailure(2, /name one folder/, 'watch');
    await expectFailure(2, /name one folder/, `watch ${runs} ${runs}`);
    await expectFailure(2, /--port must be a whole number from 0 to 65535/, `watch ${runs} --port 65536`);
    const { port } = new URL((await serve(run)).url);
    await expectFailure(
      1,
      new RegExp(`^Port ${port} is in use; choose another --port`),
      `watch ${runs} --port ${port}`,
    );
  });

  it('ends with Ctrl-C, also while a page asks', async () => {
    const watching = start(`watch ${join(folder, 'trained')}`);
    const line = await new Promise<string>((resolve) =>
      watching.process.stdout?.once('data', (text) => resolve(`${text}`)),
    );
    const [, url = ''] = /Open (http:\/\/127\.0\.0\.1:\d+\/) in a browser/.exec(line) ?? [];
    expect((await fetch(`${url}runs`)).status).toBe(200);
    watching.process.kill('SIGINT');
    expect((await watching.ended).code).toBe(0);
  });
});

describe.skipIf(browser === undefined)('the page of watch in a browser (skipped where there is no Chromium)', () => {
  const open = browserPages();
  const step = (page: Page) => page.locator('.state dd').nth(2).textContent();

  it('draws curves and figures, which follow the run', async () => {
    const live = join(folder, 'live');
    await cp(run, live, { recursive: true });
    const page = await open((await serve(live)).url);
    await expect.poll(() => step(page)).toBe('40');
    expect(await page.locator('figure .u-title').allTextContents()).toEqual([
      'Loss (nats an event)',
      'Learning rate',
      'Gradient norm',
      'Events a second',
    ]);
    const state = await page.locator('.state').textContent();
    expect(state).toContain('not training');
    expect(state).toMatch(/memory measured\d+\.?\d* MB/);
    const last = JSON.parse((await readFile(metrics, 'utf8')).trimEnd().split('\n').at(-1) ?? '');
    const store = new RunFolder(live);
    await store.lock();
    await store.log({ ...last, step: 50, loss: 0.125 });
    await expect.poll(() => step(page)).toBe('50');
    expect(await page.locator('.state').textContent()).toContain('training loss0.125');
    expect(await page.locator('.state dd').nth(1).textContent()).toBe('training');
    // A run that goes on from an earlier step.
    await store.rewind(20);
    await store.unlock();
    await expect.poll(() => step(page)).toBe('20');
    await expect.poll(() => page.locator('select option').allTextContents()).toEqual(['20']);
  });

  it('has whole steps at its axes, and tells small numbers apart', async () => {
    const slow = join(folder, 'slow');
    await cp(run, slow, { recursive: true });
    const learnt = (await readFile(metrics, 'utf8')).replaceAll(/"learningRate":[^,]+/g, '"learningRate":0.001');
    await writeFile(join(slow, 'metrics.jsonl'), learnt);
    const page = await open((await serve(slow)).url);
    await expect.poll(() => step(page)).toBe('40');
    await page.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D;
      const { fillText } = prototype;
      const words: string[] = [];
      Object.assign(window, { words });
      prototype.fillText = function (text, ...place) {
        words.push(text);
        return fillText.call(this, text, ...place);
      };
    });
    // Charts are drawn again where the window changes.
    await page.setViewportSize({ width: 800, height: 900 });
    const words = () => page.evaluate(() => (window as unknown as { words: string[] }).words);
    await expect.poll(words).toContain('0.0015');
    expect(await words()).toContain('15');
    expect(await words()).not.toContain('12.5');
  });

  it('plays the newest preview, and another that is chosen', async () => {
    const page = await open((await serve(runs)).url);
    const titles = () => page.locator('article h2').allTextContents();
    await expect.poll(async () => (await titles())[0]).toMatch(/step 40$/);
    await page.keyboard.press('Space');
    await page.locator('article.playing').first().waitFor();
    await expect
      .poll(() => page.locator('article.current .playhead').evaluate((head) => Number.parseFloat(head.style.left)))
      .toBeGreaterThan(0);
    await page.keyboard.press('Space');
    await page.locator('select').selectOption('20');
    await expect.poll(async () => (await titles())[0]).toMatch(/step 20$/);
    await page.keyboard.press('Space');
    await page.locator('article.playing').first().waitFor();
    expect(await page.locator('.problem:visible').count()).toBe(0);
  });

  it.each([
    [1400, 'light'],
    [420, 'dark'],
  ] as const)('fits a window of %i pixels, %s', async (width, colorScheme) => {
    const page = await open((await serve(run)).url, { viewport: { width, height: 900 }, colorScheme });
    await page.locator('article').first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const canvas = await page.locator('figure canvas').first().boundingBox();
    const figure = await page.locator('figure').first().boundingBox();
    expect(canvas?.width).toBeLessThanOrEqual(figure?.width ?? 0);
    if (process.env.CHIPSMITH_PICTURES)
      await page.screenshot({ path: `${process.env.CHIPSMITH_PICTURES}/watch-${width}.png`, fullPage: true });
  });
});
