import { defineConfig } from 'vitest/config';
import { findBrowser } from './scripts/find-browser.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** The program of this machine's Chromium; tests that need one are skipped where there is none. */
    browser: string | undefined;
  }
}

/** Packages are tested on their TypeScript source, so that no build is needed first. */
const conditions = ['@chipsmith/source', 'node', 'import', 'default'];

/** The one test configuration: each package's vitest.config.ts passes it on. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    // A GPU test on a software adapter is slow and a hung one must still end.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What a page does in 0.1 s takes seconds on a slow machine; vitest would give up after one.
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    provide: { browser: findBrowser()?.program },
    onConsoleLog: (log) => {
      throw new Error(`A test wrote to the console: ${log}`);
    },
    reporters: ['default', 'json'],
    outputFile: { json: 'test-results.json' },
  },
});
