import { mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KernelError } from '@chipsmith/kernels';
import { describe, expect, it, vi } from 'vitest';
import { clockTime } from '../src/clock-time.ts';
import { bytesOf } from '../src/commands/options.ts';
import { type Command, flag, guess, parseCommandLine, text } from '../src/terminal/command.ts';
import { CommandError, explain, UsageError } from '../src/terminal/errors.ts';
import { interruptible } from '../src/terminal/interrupt.ts';
import { formatTable, markdownTable } from '../src/terminal/output.ts';
import { formatBytes, startPreparation, startProgress } from '../src/terminal/progress.ts';
import { integers, number } from '../src/terminal/values.ts';
import { scratchFolder } from './support/cli.ts';

const command: Command = {
  name: 'try',
  description: 'A command to try.',
  positionals: '<word>...',
  options: {
    'a-number': { type: 'string', alias: 'n', description: 'a number' },
    list: { type: 'string', description: 'numbers' },
    loud: { type: 'boolean', default: true, description: 'with noise', negativeDescription: 'without' },
  },
  examples: [],
  run: async () => 0,
};
const parse = (line: string) => parseCommandLine(command, line.split(' '));

describe('parseCommandLine', () => {
  it('takes options with a space or =, aliases, negations and words in any order', () => {
    for (const line of ['--a-number -5 x y', 'x --a-number=-5 y', 'x y -n -5']) {
      const args = parse(line);
      expect([text(args, 'a-number'), number(args, 'a-number'), args._]).toEqual(['-5', -5, ['x', 'y']]);
    }
    expect([flag(parse('x'), 'loud'), flag(parse('--no-loud'), 'loud'), flag(parse('--loud'), 'loud')]).toEqual([
      true,
      false,
      true,
    ]);
    expect(parse('x -- --loud')._).toEqual(['x', '--loud']);
  });

  it('refuses what it does not know, values where none belong, and none where one belongs', () => {
    for (const line of [
      '--lout',
      '-a-number 5',
      '-list 5',
      '--loud=yes',
      '--a-number',
      '--a-number=',
      '--list --loud',
      '-an',
      '-h5',
      '--constructor',
      '--no-list',
      '-7',
    ]) {
      expect(() => parse(line), line).toThrow(UsageError);
    }
  });
});

describe('values of options', () => {
  it('are numbers in their range or refused with the range', () => {
    const read = (value: string) => number(parse(`--a-number=${value}`), 'a-number', { least: -1, most: 2.5 });
    expect(['-1', '0', '2.5', '1e-3'].map(read)).toEqual([-1, 0, 2.5, 0.001]);
    for (const value of ['-1.1', '3', 'x', '1x', 'NaN', 'Infinity']) {
      expect(() => read(value), value).toThrow(/^--a-number must be a number from -1 to 2\.5, not "/);
    }
  });

  it('are lists of whole numbers', () => {
    const read = (value: string) => integers(parse(`--list=${value}`), 'list');
    expect(['0', '256,256', '60,62,64,65'].map(read)).toEqual([[0], [256, 256], [60, 62, 64, 65]]);
    expect(integers(parseCommandLine(command, ['--list', '60, 62 ,64']), 'list')).toEqual([60, 62, 64]);
    for (const value of ['1,', ',1', '1,,2', '1.5', 'a', '-1']) {
      expect(() => read(value), value).toThrow(UsageError);
    }
  });

  it('are sizes with decimal and binary units', () => {
    const read = (value: string) => bytesOf(parse(`--list=${value}`), 'list');
    expect(['6GB', '512MiB', '1.5k', '800mb', '2Gi'].map(read)).toEqual([6e9, 2 ** 29, 1500, 8e8, 2 ** 31]);
    for (const value of ['6', 'GB', '-1GB', '6TB', '6 apples']) expect(() => read(value), value).toThrow(UsageError);
  });

  it('get a guess where a known word is near', () => {
    const known = ['train', 'plan', 'evaluate'];
    expect(['trian', 'plam', 'evalute', 'xyz', ''].map((typed) => guess(typed, known))).toEqual([
      '; did you mean train?',
      '; did you mean plan?',
      '; did you mean evaluate?',
      '',
      '',
    ]);
  });
});

describe('explain', () => {
  const folder = scratchFolder();

  it('gives errors that are meant to be read as they stand, with their code', () => {
    expect(explain(new UsageError('wrong usage'))).toEqual({ text: 'wrong usage', code: 2 });
    expect(explain(new CommandError('cannot be done'))).toEqual({ text: 'cannot be done', code: 1 });
    expect(explain(new KernelError('option', 'CHIPSMITH_DEBUG: "x" is unknown')).text).toBe(
      'CHIPSMITH_DEBUG: "x" is unknown',
    );
    expect(explain(new KernelError('no-adapter', 'no adapter'))).toEqual({ text: 'no adapter', code: 1 });
    expect(explain(AbortSignal.abort().reason)).toEqual({ text: 'Interrupted.', code: 130 });
  });

  it('keeps to one line whatever was typed, or stands in a damaged file', () => {
    expect(explain(new UsageError('there is no "a\r\nb"')).text).toBe('there is no "a b"');
    expect(explain(new CommandError('a\nb\u001b[2J: is not a track')).text).toBe('a b [2J: is not a track');
  });

  it('gives whatever the operating system refuses in one line, with the place and what to do', async () => {
    mkdirSync(join(folder, 'place'));
    const refusals: [attempt: () => unknown, message: RegExp][] = [
      [() => readFileSync(join(folder, 'gone')), /gone: there is no such file or folder; check the path$/],
      [() => readFileSync(join(folder, 'place')), /is a folder; name a file$/],
      [() => mkdirSync(join(folder, 'place')), /place: file already exists; check the path$/],
      [() => readFile(join(folder, 'gone', 'x')), /x: there is no such file/],
    ];
    for (const [attempt, message] of refusals) {
      const error: unknown = await Promise.resolve()
        .then(attempt)
        .catch((reason: unknown) => reason);
      const { text: line, code } = explain(error);
      expect(line).toMatch(message);
      expect([line.includes('\n'), code]).toEqual([false, 1]);
    }
    for (const code of ['EACCES', 'EMFILE', 'ENOSPC', 'EROFS', 'EIO']) {
      const error = Object.assign(new Error(`${code}: refused`), { code, errno: -1, syscall: 'open', path: '/a/file' });
      expect(explain(error).text).toMatch(/^\/a\/file: .*[^.]$/);
    }
  });

  it('keeps the stack of what nobody foresaw', () => {
    const { text: words, code } = explain(new TypeError('x is undefined'));
    expect(words).toMatch(/please report it with these lines:\nTypeError: x is undefined\n\s+at /);
    expect(code).toBe(1);
    expect(explain('thrown as text').text).toContain('thrown as text');
  });
});

describe('what is printed', () => {
  it('is a table with text to the left and numbers to the right', () => {
    const rows = [
      { name: 'a', size: 5, note: 'x' },
      { name: 'longer', size: 1234, note: '' },
    ];
    expect(formatTable(rows)).toBe('name    size  note\na          5  x\nlonger  1234');
    expect(formatTable([])).toBe('');
  });

  it('lays tables of Markdown out in columns, numbers to the right', () => {
    const rows = [
      { name: 'a', n: 5, change: '12 % ↑' },
      { name: 'longer', n: 12, change: 'x' },
    ];
    expect(markdownTable(rows).split('\n')).toEqual([
      '| name   |   n | change |',
      '| ------ | --: | ------ |',
      '| a      |   5 | 12 % ↑ |',
      '| longer |  12 | x      |',
    ]);
  });

  it('tells time and memory in a readable unit', () => {
    expect([0, 59.6, 75, 3600, 4000, -1].map(clockTime)).toEqual([
      '0:00',
      '1:00',
      '1:15',
      '1:00:00',
      '1:06:40',
      '0:00',
    ]);
    expect([0, 999, 1000, 1_234_567, 6e9, 2 ** 45].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.2 MB',
      '6.0 GB',
      '35184.4 GB',
    ]);
  });

  it('is a line of progress at first, at the end and now and then between, where there is no terminal', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const clock = vi.spyOn(performance, 'now');
    try {
      const progress = startProgress('working');
      for (let second = 0; second <= 25; second++) {
        clock.mockReturnValue(1000 * second);
        progress.update(second / 25, second === 25 ? '' : `at ${second}`);
      }
      progress.update(1, '');
      progress.stop();
      const lines = ['working 0% at 0\n', 'working 40% at 10\n', 'working 80% at 20\n', 'working 100%\n'];
      expect(write.mock.calls.map(([line]) => line)).toEqual(lines);
    } finally {
      write.mockRestore();
      clock.mockRestore();
    }
  });
});

describe('startPreparation', () => {
  it('tells each stage from its start to its end', () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const { onProgress } = startPreparation();
      onProgress({ stage: 'measuring', done: 0, total: 2, label: 'a product', secondsLeft: 9.6 });
      onProgress({ stage: 'measuring', done: 1, total: 2, label: 'a step', secondsLeft: 4 });
      onProgress({ stage: 'measuring', done: 2, total: 2, label: '', secondsLeft: 0 });
      for (const total of [4, 6]) {
        onProgress({ stage: 'compiling', done: 0, total, label: '', secondsLeft: undefined });
        onProgress({ stage: 'compiling', done: total, total, label: 'sum', secondsLeft: 0 });
      }
      expect(write.mock.calls.map(([line]) => line)).toEqual([
        'measuring kernels 0% a product, 0:10 left\n',
        'measuring kernels 100%\n',
        ...['compiling kernels 0%\n', 'compiling kernels 100% sum\n'],
        ...['compiling kernels 0%\n', 'compiling kernels 100% sum\n'],
      ]);
    } finally {
      write.mockRestore();
    }
  });
});

describe('interruptible', () => {
  it('aborts on Ctrl-C and listens no longer than the work lasts', async () => {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const before = process.listenerCount('SIGINT');
    try {
      const aborted = await interruptible(async (signal) => {
        expect(process.listenerCount('SIGINT')).toBe(before + 1);
        process.emit('SIGINT');
        return signal.aborted;
      });
      expect(aborted).toBe(true);
      await expect(interruptible(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    } finally {
      write.mockRestore();
    }
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});
