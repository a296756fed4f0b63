import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { capture, root, run } from './processes.mjs';
import { SetupError, say } from './report.mjs';

/** pnpm's install script puts its program for this machine in place; newer versions of npm want it named. */
const allowPnpmScripts = '--allow-scripts=pnpm';

/**
 * Finds the pnpm that package.json pins, or brings it: installed beside npm where that folder can be written and holds
 * no other pnpm, else from npm's cache, which leaves the machine as it is.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<NodeJS.ProcessEnv>} the same environment with that pnpm first on its PATH
 * @throws {SetupError}
 */
export async function providePnpm(env) {
  const pinned = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')).packageManager.replace('pnpm@', '');
  const present = await capture('pnpm', ['--version'], { env: { ...env, COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' } });
  const version = present.output.split('\n').at(-1);
  if (present.code === 0 && version === pinned) {
    say(`pnpm ${pinned}`);
    return env;
  }
  const absent = present.code === 127;
  const installed = absent && (await installPnpm(pinned, env));
  return installed || fetchPnpm(pinned, absent ? '' : ` (the pnpm on PATH is ${version})`, env);
}

/**
 * @param {string} version
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<NodeJS.ProcessEnv | undefined>} undefined where npm's global folder cannot be written
 */
async function installPnpm(version, env) {
  const prefix = (await capture('npm', ['prefix', '--global'], { env })).output.split('\n').at(-1) ?? '';
  const windows = process.platform === 'win32';
  const binaries = windows ? prefix : join(prefix, 'bin');
  if (!writable(binaries) || !writable(join(prefix, windows ? 'node_modules' : 'lib/node_modules'))) return undefined;
  say(`installing pnpm ${version} into ${prefix} ...`);
  const options = ['--global', '--no-fund', '--no-audit', allowPnpmScripts];
  const { code, output } = await capture('npm', ['install', ...options, `pnpm@${version}`], { env });
  if (code !== 0) throw new SetupError(`pnpm could not be installed: ${explainFailure(output)}`);
  if (!pathFolders(env).includes(binaries)) say(`add ${binaries} to your PATH to use pnpm yourself`);
  return withPath(binaries, env);
}

/**
 * @param {string} version
 * @param {string} reason why the pnpm on PATH is not used, or nothing
 * @param {NodeJS.ProcessEnv} env
 */
async function fetchPnpm(version, reason, env) {
  say(`fetching pnpm ${version} into npm's cache${reason} ...`);
  const { code, output } = await capture(
    'npm',
    ['exec', '--yes', allowPnpmScripts, `--package=pnpm@${version}`, '--', 'node', '-p', '"PATH=" + process.env.PATH'],
    { env },
  );
  const path = output.split('\n').find((line) => line.startsWith('PATH='));
  if (code !== 0 || path === undefined) throw new SetupError(`pnpm could not be fetched: ${explainFailure(output)}`);
  say(`to use pnpm yourself: npm install --global pnpm@${version} (with sudo where npm asks for it)`);
  return { ...env, PATH: path.slice('PATH='.length) };
}

/**
 * Installs exactly what pnpm-lock.yaml lists. pnpm itself sees when there is nothing to do.
 *
 * @param {NodeJS.ProcessEnv} env
 * @throws {SetupError}
 */
export async function installDependencies(env) {
  say(
    existsSync(`${root}/node_modules`)
      ? 'checking the dependencies ...'
      : 'installing the dependencies (about 90 packages, 400 MB) ...',
  );
  /** @type {string[]} */
  const lines = [];
  const code = await run(
    'pnpm',
    ['install', '--frozen-lockfile', '--reporter=append-only', '--config.confirm-modules-purge=false'],
    {
      env,
      onLine: (line) => {
        // Without a network pnpm warns of every package for a minute: the first warning says it all.
        const repeated = line.includes('WARN') && lines.some((earlier) => earlier.includes('WARN'));
        if (/^Progress|ERR_|WARN/.test(line) && !repeated) console.log(`  ${line}`);
        lines.push(line);
      },
    },
  );
  if (code !== 0) throw new SetupError(`the dependencies could not be installed: ${explainFailure(lines.join('\n'))}`);
}

/**
 * One sentence for the common reasons why npm or pnpm fail, else their own last word.
 *
 * @param {string} output
 */
export function explainFailure(output) {
  if (/ENOSPC|no space left/i.test(output))
    return `the disk is full; free 1 GB on the disk of ${root} and run this again.`;
  if (/EACCES|EPERM|EROFS|permission denied|read-only file system/i.test(output)) {
    return `a folder cannot be written (${firstMatch(output, /.*(EACCES|EPERM|EROFS|permission denied|read-only).*/i)}).`;
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|ENETUNREACH|error sending request|dns error|network/i.test(output)) {
    return 'the npm registry cannot be reached; check the network or proxy (npm ping) and run this again.';
  }
  if (/OUTDATED_LOCKFILE/.test(output)) return 'pnpm-lock.yaml does not fit the package.json files; run pnpm install.';
  return output.trim().split('\n').at(-1)?.trim() ?? '';
}

/**
 * @param {string} text
 * @param {RegExp} pattern
 */
function firstMatch(text, pattern) {
  return pattern.exec(text)?.[0].trim() ?? '';
}

/**
 * Whether files can be made in a folder, or, where it does not exist yet, in the folder it would be made in.
 *
 * @param {string} folder
 * @returns {boolean}
 */
function writable(folder) {
  if (!existsSync(folder)) return folder !== dirname(folder) && writable(dirname(folder));
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {NodeJS.ProcessEnv} env */
function pathFolders(env) {
  return (env.PATH ?? '').split(delimiter);
}

/**
 * @param {string} folder
 * @param {NodeJS.ProcessEnv} env
 */
function withPath(folder, env) {
  return { ...env, PATH: [folder, ...pathFolders(env)].join(delimiter) };
}
