/**
 * `pnpm lavapipe`: fetches Mesa 25's software Vulkan driver from Debian 12's backports and unpacks it into the user's
 * cache, beside the system's Mesa (22.3, whose lavapipe has no WebGPU). Needs no root and installs nothing.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MESA_FOLDER } from './mesa.ts';

const SUITES = ['bookworm', 'bookworm-backports'];
const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];

/** The archive from which this system installs Debian 12 itself, as the start of a line of sources. */
function systemArchive(): string {
  const format = '$(RELEASE) $(SITE) $(SIGNED_BY)';
  const listed = execFileSync('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).toString();
  const [, site, key] = /^bookworm (\S+) (\S*)$/m.exec(listed) ?? [];
  if (site === undefined) throw new Error('No source of the release bookworm is set up for apt.');
  // apt repeats the field's name where a source names no key of its own.
  return key.startsWith('/') ? `deb [signed-by=${key}] ${site}` : `deb ${site}`;
}

function fetchMesa(): void {
  const system = readFileSync('/etc/os-release', 'utf8');
  if (!system.includes('VERSION_CODENAME=bookworm') || process.arch !== 'x64') {
    throw new Error(
      'These packages are for Debian 12 on x86-64; elsewhere install mesa-vulkan-drivers of Mesa 24 or later.',
    );
  }
  mkdirSync(dirname(MESA_FOLDER), { recursive: true });
  const work = mkdtempSync(`${MESA_FOLDER}-`);
  try {
    for (const folder of ['state/lists/partial', 'cache/archives/partial', 'root']) {
      mkdirSync(join(work, folder), { recursive: true });
    }
    const archive = systemArchive();
    const sources = SUITES.map((suite) => `${archive} ${suite} main\n`);
    writeFileSync(join(work, 'sources.list'), sources.join(''));
    // apt-get with lists and archives of its own; only what is installed is the system's.
    const settings = [
      `Dir::State=${work}/state`,
      'Dir::State::status=/var/lib/dpkg/status',
      `Dir::Cache=${work}/cache`,
      `Dir::Etc::sourcelist=${work}/sources.list`,
      'Dir::Etc::sourceparts=/dev/null',
      'APT::Sandbox::User=',
    ].flatMap((setting) => ['-o', setting]);
    const apt = (...args: string[]) => execFileSync('apt-get', [...settings, '-q', ...args], { stdio: 'inherit' });
    apt('update');
    apt('install', '-y', '--no-install-recommends', '--download-only', '-t', 'bookworm-backports', ...PACKAGES);
    const archives = join(work, 'cache', 'archives');
    for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', join(archives, name), join(work, 'root')]);
    }
    rmSync(MESA_FOLDER, { recursive: true, force: true });
    renameSync(join(work, 'root'), MESA_FOLDER);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

try {
  fetchMesa();
  process.stdout.write(`Mesa is in ${MESA_FOLDER}; the tests find it there.\n`);
} catch (error) {
  process.stderr.write(`Fetching Mesa failed: ${error instanceof Error ? error.message.split('\n', 1)[0] : error}\n`);
  process.exitCode = 1;
}
