import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, expect, inject } from 'vitest';

/** A Chromium of this machine, see scripts/find-browser.mjs; undefined where there is none. */
export const browser = inject('browser');

/**
 * Opens pages, from disk or by their address, in one browser for a test file. After each test, nothing may have been
 * said on their consoles.
 */
export function browserPages(): (place: string, options?: BrowserContextOptions) => Promise<Page> {
  let opened: Promise<Browser> | undefined;
  const messages: string[] = [];
  afterEach(() => expect(messages.splice(0)).toEqual([]));
  afterAll(async () => (await opened)?.close());
  return async (place, options = {}) => {
    opened ??= chromium.launch({ executablePath: browser ?? '' });
    const context = await (await opened).newContext({ viewport: { width: 1400, height: 900 }, ...options });
    const page = await context.newPage();
    page.on('console', (message) => messages.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => messages.push(String(error)));
    page.on('requestfailed', (request) => messages.push(`failed: ${request.url()}`));
    await page.goto(place.startsWith('http:') ? place : `file://${place}`);
    return page;
  };
}
