import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Finds a browser for tests: the one that CHIPSMITH_BROWSER names, or Chromium or Chrome on the PATH.
 *
 * @returns {{ program: string, version: string } | undefined} the absolute path of the program
 */
export function findBrowser() {
  const { CHIPSMITH_BROWSER, PATH = '' } = process.env;
  for (const name of [CHIPSMITH_BROWSER, 'chromium', 'chromium-browser', 'google-chrome']) {
    if (!name) continue;
    const places = isAbsolute(name) ? [name] : PATH.split(delimiter).map((folder) => join(folder, name));
    const program = places.find((place) => existsSync(place));
    const answer = program && spawnSync(program, ['--version'], { encoding: 'utf8' });
    if (answer && answer.status === 0) return { program, version: answer.stdout.trim() };
  }
  return undefined;
}
