import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * Makes a folder with the given files for the test that is running, and removes it after the test.
 *
 * @param {Record<string, unknown>} files contents by relative path; what is not text becomes JSON
 * @returns {string} the folder
 */
export function temporaryFolder(files) {
  const folder = mkdtempSync(join(tmpdir(), 'chipsmith-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}
