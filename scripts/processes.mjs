import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The root folder of the repository, whatever folder the command was started in. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** @type {readonly NodeJS.Signals[]} */
const PASSED_ON = ['SIGTERM', 'SIGHUP'];

/**
 * Runs a command to its end, without standard input. With `onLine` each line of its output goes there, else straight to
 * the terminal. Ctrl-C reaches the command first (it may have something to save) and ends this process after it; what
 * would end this process alone is passed on.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, timeout?: number }} [options] timeout in
 *   milliseconds
 * @returns {Promise<number>} the exit code: 127 when there is no such command, 128 when a signal or the timeout ended
 *   it
 */
export function run(command, args, { env = process.env, onLine, timeout } = {}) {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt);
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let started;
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    interrupted = true;
    started?.kill(signal);
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      timeout,
      stdio: ['ignore', onLine ? 'pipe' : 'inherit', onLine ? 'pipe' : 'inherit'],
      // On Windows npm and pnpm are .cmd files, which only a shell runs.
      shell: process.platform === 'win32' && command !== process.execPath,
    });
    started = child;
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split(/\r?\n|\r/);
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(line);
      });
      stream?.on('end', () => rest && onLine?.(rest));
    }
    /** @param {number} code */
    const finish = (code) => {
      process.off('SIGINT', interrupt);
      for (const signal of PASSED_ON) process.off(signal, passOn);
      if (interrupted) process.exit(130);
      done(code);
    };
    child.on('error', () => finish(127));
    child.on('close', (code) => finish(code ?? 128));
  });
}

/**
 * Runs a command and returns what it printed, standard output and errors together.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, timeout?: number }} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function capture(command, args, options = {}) {
  /** @type {string[]} */
  const lines = [];
  const code = await run(command, args, { ...options, onLine: (line) => lines.push(line) });
  return { code, output: lines.join('\n').trim() };
}
