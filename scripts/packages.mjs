import { capture, run } from './processes.mjs';
import { SetupError, say } from './report.mjs';

/**
 * Whether this is Debian, Ubuntu or another system with apt.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export async function isAptSystem(env) {
  return (await capture('apt-get', ['--version'], { env })).code === 0;
}

/**
 * Those packages of the system that are not installed.
 *
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} env
 */
export async function missingPackages(names, env) {
  /** @type {string[]} */
  const missing = [];
  for (const name of names) {
    const { code, output } = await capture('dpkg-query', ['--status', name], { env });
    if (code !== 0 || !output.includes('Status: install ok installed')) missing.push(name);
  }
  return missing;
}

/**
 * Installs packages of the system, which takes root.
 *
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} env
 * @throws {SetupError} with apt's own reason
 */
export async function installPackages(names, env) {
  const aptEnv = { ...env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...names]]) {
    say(`apt-get ${args.join(' ')} ...`);
    /** @type {string[]} */
    const lines = [];
    const code = await run('apt-get', ['-q', ...args], { env: aptEnv, onLine: (line) => lines.push(line) });
    if (code !== 0) {
      const error = lines.find((line) => line.startsWith('E:')) ?? lines.at(-1) ?? '';
      throw new SetupError(`apt-get ${args[0]} failed, so ${names.join(', ')} are still missing: ${error}`);
    }
  }
}
