import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandWords } from '../src/shell-line.ts';
import { commandLine } from '../src/terminal/quote.ts';

describe('a command line to copy', () => {
  it('leaves plain words as they are', () => {
    expect(commandLine(['train', '--run', 'runs/a-1', '--minutes', '0.5'])).toBe(
      'pnpm chipsmith train --run runs/a-1 --minutes 0.5',
    );
  });

  it.skipIf(process.platform === 'win32')('is read by the shell as the words it was made of', () => {
    const words = [
      'my run',
      "it's",
      '$HOME `x`',
      'a\\b"c',
      '*',
      '~',
      '',
      'naïve 曲',
      'tab\there',
      "\u001b[2J'\\0",
      '\u009b1m',
      '#x;y&z',
    ];
    const line = commandLine(words);
    expect(line).not.toMatch(/\p{Cc}/u);
    const shell = spawnSync('bash', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
    expect(shell.stdout.split('\0').slice(0, -1)).toEqual(['pnpm', 'chipsmith', ...words]);
  });

  it('says of inputs that look like options that they are none', () => {
    const options = { count: '3', loop: true, arrange: false, output: '-x' };
    const words = ['--count', '3', '--loop', '--no-arrange', '--output=-x'];
    expect(commandWords(['vary', 'air'], options)).toEqual(['vary', 'air', ...words]);
    expect(commandWords(['interpolate', 'air', '-1'], options)).toEqual(['interpolate', ...words, '--', 'air', '-1']);
  });
});
