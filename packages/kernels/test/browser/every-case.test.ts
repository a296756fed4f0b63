import { describe, expect, it } from 'vitest';
import { allCases } from '../cases/all.ts';
import { browser, PAGE_TIME, runPage } from './run-page.ts';

describe.skipIf(browser === undefined)('a browser page (skipped where there is no Chromium)', () => {
  it('computes as many cases as it has time for, remembers tuning and debugs', {
    timeout: PAGE_TIME + 20_000,
  }, async () => {
    const result = await runPage("import './test/browser/every-case.ts';");
    expect(result).not.toHaveProperty('error');
    expect(result).toMatchObject({
      tuning: {
        winners: [expect.stringContaining('matmul'), expect.stringContaining('matmul')],
        rows: expect.arrayContaining([
          expect.objectContaining({
            problem: expect.stringMatching(/^matmul NN 256x256x256 /),
            winner: expect.any(String),
          }),
        ]),
      },
      debug: {
        printed: expect.arrayContaining([
          expect.stringMatching(/^Plan of 1 nodes/),
          expect.stringMatching(/^\/\/ Kernel log\n/),
          expect.stringMatching(/^Times of 3 runs/),
        ]),
        // The package and the page are one bundle, so that the line is one of several.
        message: expect.stringMatching(/^input 0 \[3\]: element 1 .* an infinity in run 1 .* \(at .*page\.js:\d+:\d+/),
      },
      cases: { failures: [], verified: expect.toSatisfy((count) => count > 0 && count <= allCases.length) },
    });
  });
});
