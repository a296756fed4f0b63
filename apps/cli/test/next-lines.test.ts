import { describe, expect, it } from 'vitest';
import { nextLines } from '../src/commands/next-lines.ts';
import { train } from '../src/commands/train.ts';
import { parseCommandLine } from '../src/terminal/command.ts';

/** The resume line after `train` with these options, without what all have in common. */
function resumeAfter(
  line: string,
  reason: 'finished' | 'time' | 'no improvement' | 'interrupted',
  step: number,
): string {
  const args = parseCommandLine(train, line.split(' ').filter(Boolean));
  return nextLines(args, 'runs/a', { reason, step, best: null, baseline: null }).resume.replace(
    'pnpm chipsmith train --resume --run runs/a',
    '',
  );
}

describe('what to type after a training', () => {
  it.each([
    ['', 'finished', 1000, ' --steps 2000'],
    ['', 'interrupted', 300, ''],
    ['--steps 500', 'interrupted', 300, ' --steps 500'],
    ['--steps 500', 'finished', 500, ' --steps 1000'],
    ['--minutes 5', 'time', 300, ' --minutes 5'],
    ['--minutes 5 --steps 500', 'time', 300, ' --steps 500 --minutes 5'],
    ['--minutes 5 --steps 500', 'finished', 500, ' --steps 1000 --minutes 5'],
    ['', 'no improvement', 700, ' --patience 0'],
    ['--patience 3 --steps 700', 'no improvement', 700, ' --steps 1400 --patience 0'],
    ['--patience 3', 'interrupted', 700, ' --patience 3'],
    ['--batch 8 --layers 64 --seed 3 --data nes', 'interrupted', 700, ''],
    [
      '--validate-every 5 --valid-events 9 --adapter gles',
      'interrupted',
      7,
      ' --validate-every 5 --valid-events 9 --adapter gles',
    ],
    ['--resume --run runs/a --data moved', 'interrupted', 7, ' --data moved'],
  ] as const)('train %s, %s at step %i: %j', (line, reason, step, expected) => {
    expect(resumeAfter(line, reason, step)).toBe(expected);
  });

  it('makes tracks on the same adapter, from folders with any name', () => {
    const args = parseCommandLine(train, ['--adapter', 'gles']);
    const { generate, resume } = nextLines(args, '-my runs', {
      reason: 'time',
      step: 3,
      best: null,
      baseline: null,
    });
    expect(generate).toBe("pnpm chipsmith generate --run './-my runs' --adapter gles");
    expect(resume).toContain("--run './-my runs'");
  });
});
