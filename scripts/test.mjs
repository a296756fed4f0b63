// npm test: sets up, builds, lints and type-checks, runs the tests of all packages, and ends with the true totals.
import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { ensureBrowser } from './browser.mjs';
import { root, run } from './processes.mjs';
import { SetupError, say } from './report.mjs';
import { setUp } from './setup.mjs';
import { closingLine, failure, REPORT, readTotals } from './totals.mjs';
import { workspacePackages } from './workspace.mjs';

/** @typedef {import('./totals.mjs').Totals} Totals */

/** Each package's vitest keeps two cores busy (vitest.shared.ts). */
const testConcurrency = Math.max(1, Math.floor(os.availableParallelism() / 2));

await main();

async function main() {
  try {
    const { env, adapter } = await setUp();
    const browser = await ensureBrowser(env);
    close(await runStages({ ...env, CHIPSMITH_TEST_CONDITIONS: testConditions(adapter, browser) }));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    close([failure('setup', error.message)]);
  }
}

/**
 * Every stage runs, whatever became of the one before it.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Totals[]>}
 */
async function runStages(env) {
  const suites = [
    ...workspacePackages(root).filter(({ manifest }) => manifest.scripts?.test),
    { name: 'scripts', folder: join(root, 'scripts') },
  ];
  // A report that is there afterwards was made by this run, or taken from turbo's cache.
  for (const { folder } of suites) rmSync(join(folder, REPORT), { force: true });
  const stages = {
    build: await stage('build', [turbo('build')], env),
    check: await stage('check', [turbo('check'), ['pnpm', '--silent', 'run', 'check']], env),
    test: await stage('test', [turbo('test', testConcurrency), ['pnpm', '--silent', 'run', 'test:scripts']], env),
  };
  const totals = suites.map(readTotals);
  if (totals.some(({ failed }) => failed > 0)) stages.test = true;
  const failedStages = Object.entries(stages).filter(([, passed]) => !passed);
  return [...totals, ...failedStages.map(([name]) => failure(name, 'see the output of this stage above'))];
}

/**
 * @param {string} task
 * @param {number} [concurrency]
 */
function turbo(task, concurrency = os.availableParallelism()) {
  return [
    ...['pnpm', '--silent', 'exec', 'turbo', 'run', task, '--continue=always', `--concurrency=${concurrency}`],
    ...['--output-logs=new-only', '--log-order=stream', '--ui=stream'],
  ];
}

/**
 * @param {string} name
 * @param {readonly string[][]} commands all of them run
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<boolean>} whether all of them succeeded
 */
async function stage(name, commands, env) {
  const start = performance.now();
  say(`${name} ...`);
  let passed = true;
  for (const [command, ...args] of commands) passed = (await run(command, args, { env })) === 0 && passed;
  say(`${name} ${passed ? 'passed' : 'FAILED'} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return passed;
}

/**
 * What test results depend on beside the files of the repository. Turbo makes it part of the cache's key, so that a
 * result from another Node, another adapter or browser, or with other real data (or none) is not taken for this one's.
 *
 * @param {string} adapter
 * @param {string} browser
 */
function testConditions(adapter, browser) {
  const data = resolve(root, process.env.CHIPSMITH_DATA ?? '../shared/data');
  const isFolder = statSync(data, { throwIfNoEntry: false })?.isDirectory();
  const files = isFolder ? readdirSync(data, { recursive: true, encoding: 'utf8' }) : [];
  const states = files.map((path) => lstatSync(join(data, path)));
  const bytes = states.reduce((sum, { size }) => sum + size, 0);
  const newest = Math.max(0, ...states.map(({ mtimeMs }) => mtimeMs));
  return [process.version, adapter, browser, data, files.length, bytes, newest].join(', ');
}

/**
 * Prints a table, the failures and the closing line, and sets the exit code.
 *
 * @param {readonly Totals[]} all
 */
function close(all) {
  const width = Math.max(...all.map(({ name }) => name.length));
  console.log('');
  for (const { name, ...totals } of all) console.log(`${name.padEnd(width)}  ${closingLine([totals])}`);
  const failures = all.flatMap((totals) => totals.failures);
  if (failures.length > 0) console.log('');
  for (const line of failures) console.log(`FAILED ${line}`);
  console.log('');
  console.log(closingLine(all));
  process.exitCode = failures.length > 0 ? 1 : 0;
}
