import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A browser of this machine: CHIPSMITH_BROWSER, or Chromium or Chrome on the PATH. */
export const browser = [process.env.CHIPSMITH_BROWSER, 'chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => name !== undefined && spawnSync(name, ['--version']).status === 0,
);

/** WebGPU on SwiftShader, which comes with the browser; nothing is asked of the network. */
const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
];

/** SwiftShader takes 10 to 30 s for all operations, more on a busy machine (ms). */
export const PAGE_TIME = 240_000;

const folder = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles a script that stands in the package's folder, as a page's author would. */
async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@chipsmith/source'],
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Serves a script on loopback, opens it in the browser and waits for what it posts. */
export async function runPage(contents: string): Promise<unknown> {
  const script = await bundle(contents);
  const profile = mkdtempSync(join(tmpdir(), 'chipsmith-browser-'));
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const chromium = spawn(browser ?? '', [...FLAGS, `--user-data-dir=${profile}`, page], {
    stdio: 'ignore',
    detached: true,
  });
  const exited = once(chromium, 'exit');
  try {
    return await new Promise((resolve, reject) => {
      // Before the test's own time is up, so that the browser is ended in any case.
      setTimeout(() => reject(new Error(`The page was not done after ${PAGE_TIME / 1000} s.`)), PAGE_TIME).unref();
      exited.then(() => reject(new Error('The browser ended before the page was done.')));
      server.on('request', async (request, response) => {
        const isScript = request.url === '/page.js';
        response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
        response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
        if (request.url === '/result') resolve(JSON.parse(await text(request)));
      });
    });
  } finally {
    // Detached, so that its helper processes are of one group and end with it.
    const isRunning = chromium.exitCode === null && chromium.signalCode === null;
    if (chromium.pid !== undefined && isRunning) process.kill(-chromium.pid, 'SIGKILL');
    await exited;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
