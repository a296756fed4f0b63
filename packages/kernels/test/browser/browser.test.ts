import { describe, expect, it } from 'vitest';
import { cases } from '../cases/all.ts';
import { browser, PAGE_TIME, runPage } from './run-page.ts';

describe.skipIf(browser === undefined)('a browser page (skipped where there is no Chromium)', () => {
  it('gives the values and gradients of every operation', { timeout: PAGE_TIME + 20_000 }, async () => {
    const result = await runPage("import './test/browser/page.ts';");
    expect(result).toMatchObject({ failures: [] });
    expect(result).toHaveProperty(
      'verified',
      expect.toSatisfy((count) => count >= Object.keys(cases).length),
    );
  });

  it('runs the example that the README shows', { timeout: PAGE_TIME + 20_000 }, async () => {
    const result = await runPage(`const said = await import('./examples/fit-in-browser.js').then(
      () => document.body.textContent.split(' ').map((value) => Math.round(10 * value) / 10),
      (error) => String(error),
    );
    await fetch('/result', { method: 'POST', body: JSON.stringify(said) });`);
    expect(result).toEqual([0, 1, 1, 0]);
  });
});
