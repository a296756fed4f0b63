import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { root } from './processes.mjs';

/** @param {readonly string[]} words */
function start(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}/scripts/start.mjs`, ...words], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: root },
  });
  return { status, stdout, lines: stderr.split('\n').filter(Boolean) };
}

describe('npm start', () => {
  it('explains itself, before anything is installed', () => {
    const { status, stdout, lines } = start('--help');
    expect({ status, lines }).toEqual({ status: 0, lines: [] });
    for (const word of ['--minutes', '--help', 'archive', 'npm start -- my-midi-folder'])
      expect(stdout).toContain(word);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it.each([
    [2, ['--loud'], /^chipsmith: Unknown option '--loud'/],
    [2, ['--minutes'], /^chipsmith: Option '--minutes <value>' argument missing/],
    [2, ['--minutes', 'ten'], /^chipsmith: --minutes must be a number .*, not "ten"/],
    [2, ['--minutes='], /^chipsmith: --minutes must be a number .*, not ""/],
    [2, ['--minutes', '0'], /^chipsmith: --minutes must be a number/],
    [2, ['--help=yes'], /^chipsmith: Option '-h, --help' does not take an argument/],
    [2, ['', '--minutes', '1'], /^chipsmith: an empty word names no file or folder/],
    [1, ['\x1b[31mred'], /^chipsmith: {2}\[31mred: there is no such file or folder/],
    [1, ['no such folder'], /^chipsmith: no such folder: there is no such file or folder; check the path\.$/],
  ])('ends with code %i after %j', (code, words, message) => {
    const { status, stdout, lines } = start(...words);
    expect({ status, stdout, lines }).toEqual({ status: code, stdout: '', lines: [expect.stringMatching(message)] });
  });
});
