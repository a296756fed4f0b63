import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ensureBrowser } from './browser.mjs';
import { findBrowser } from './find-browser.mjs';
import { temporaryFolder } from './temporary-folder.mjs';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/**
 * Puts programs, as shell scripts, on an otherwise empty PATH.
 *
 * @param {Record<string, string>} programs
 */
function pathOf(programs) {
  const folder = temporaryFolder(
    Object.fromEntries(Object.entries(programs).map(([name, script]) => [name, `#!/bin/sh\n${script}\n`])),
  );
  for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755);
  vi.stubEnv('PATH', folder);
  vi.stubEnv('CHIPSMITH_BROWSER', undefined);
  return folder;
}

describe('findBrowser', () => {
  it('takes the first on the PATH that starts, and before them the one that is named', () => {
    const folder = pathOf({ chromium: 'exit 1', 'google-chrome': 'echo "Chrome 1"', mine: 'echo "Mine 2"' });
    expect(findBrowser()).toEqual({ program: join(folder, 'google-chrome'), version: 'Chrome 1' });
    vi.stubEnv('CHIPSMITH_BROWSER', join(folder, 'mine'));
    expect(findBrowser()).toEqual({ program: join(folder, 'mine'), version: 'Mine 2' });
    vi.stubEnv('CHIPSMITH_BROWSER', 'mine');
    expect(findBrowser()?.version).toBe('Mine 2');
  });

  it('finds none on an empty PATH', () => {
    pathOf({});
    expect(findBrowser()).toBeUndefined();
  });
});

describe('ensureBrowser', () => {
  /** @param {Record<string, string>} programs */
  async function ensured(programs) {
    const folder = pathOf(programs);
    /** @type {string[]} */
    const said = [];
    vi.spyOn(console, 'log').mockImplementation((line) => said.push(line));
    return { version: await ensureBrowser({ ...process.env }), said: said.join('\n'), folder };
  }

  it('leaves a browser that is there as it is', async () => {
    const { version, said } = await ensured({ chromium: 'echo "Chromium 3"', 'apt-get': 'exit 9' });
    expect(version).toBe('Chromium 3');
    expect(said).toBe('chipsmith: browser for tests: Chromium 3');
  });

  it('says without apt that tests are skipped, and goes on', async () => {
    const { version, said } = await ensured({});
    expect(version).toBe('none');
    expect(said).toMatch(/tests in a browser are skipped: no Chromium or Chrome on the PATH/);
  });

  it('names the command to those who are not root', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(1000);
    const { version, said } = await ensured({ 'apt-get': 'exit 0' });
    expect(version).toBe('none');
    expect(said).toMatch(/sudo apt-get install -y --no-install-recommends chromium$/);
  });

  it('installs it as root and says how much that is', async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(0);
    const install = `case "$*" in *install*) printf '#!/bin/sh\\necho "Chromium 4"\\n' > "$PATH/chromium" && /bin/chmod 755 "$PATH/chromium";; esac`;
    const { version, said } = await ensured({ 'apt-get': install, 'dpkg-query': 'exit 1' });
    expect(version).toBe('Chromium 4');
    expect(said).toMatch(/about 120 MB to download, 400 MB on disk/);
    expect(said).toMatch(/apt-get install -y --no-install-recommends chromium/);
  });

  it("gives apt's reason where that fails, and goes on", async () => {
    vi.spyOn(process, 'getuid').mockReturnValue(0);
    const fail = `case "$*" in *--version*) exit 0;; esac; echo "E: no network"; exit 100`;
    const { version, said } = await ensured({ 'apt-get': fail, 'dpkg-query': 'exit 1' });
    expect(version).toBe('none');
    expect(said).toMatch(/tests in a browser are skipped: apt-get update failed, .*: E: no network/);
  });
});
