import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { inject } from 'vitest';

/** A Chromium of this machine, see scripts/find-browser.mjs; undefined where there is none. */
export const browser = inject('browser');

/** WebGPU on SwiftShader, which comes with the browser. */
const FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** SwiftShader takes 10 to 30 s for all operations, more on a busy machine (ms). */
export const PAGE_TIME = 240_000;

/**
 * WebGPU is for secure pages only, and localhost counts as one. Nothing listens there: what is asked for is answered
 * here.
 */
const PAGE = 'http://localhost/';

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
    // The tests' scripts lie in this package, whose package.json names few files that do something by being imported.
    ignoreAnnotations: true,
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Opens a page with a script in the browser and waits for what it posts to /result. */
export async function runPage(contents: string): Promise<unknown> {
  const script = await bundle(contents);
  const opened = await chromium.launch({ executablePath: browser ?? '', args: FLAGS });
  try {
    const page = await opened.newPage();
    return await new Promise((resolve, reject) => {
      // Before the test's own time is up, so that the browser is ended in any case.
      setTimeout(() => reject(new Error(`The page was not done after ${PAGE_TIME / 1000} s.`)), PAGE_TIME).unref();
      opened.on('disconnected', () => reject(new Error('The browser ended before the page was done.')));
      page.on('pageerror', reject);
      const answer = page.route('**/*', async (route) => {
        const { pathname } = new URL(route.request().url());
        const isScript = pathname === '/page.js';
        await route.fulfill({
          contentType: isScript ? 'text/javascript' : 'text/html',
          body: isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>',
        });
        if (pathname === '/result') resolve(route.request().postDataJSON());
      });
      answer.then(() => page.goto(PAGE)).catch(reject);
    });
  } finally {
    await opened.close();
  }
}
