import { compare } from './commands/compare.ts';
import { doctor } from './commands/doctor.ts';
import { evaluate } from './commands/evaluate.ts';
import { generate } from './commands/generate.ts';
import { inspect } from './commands/inspect.ts';
import { interpolate } from './commands/interpolate.ts';
import { keep } from './commands/keep.ts';
import { listModels } from './commands/models.ts';
import { plan } from './commands/plan.ts';
import { prepare } from './commands/prepare.ts';
import { reconstruct } from './commands/reconstruct.ts';
import { render } from './commands/render.ts';
import { train } from './commands/train.ts';
import { vary } from './commands/vary.ts';
import { watch } from './commands/watch.ts';
import { type Command, guess, looseArguments, parseCommandLine } from './terminal/command.ts';
import { EXIT, explain, UsageError } from './terminal/errors.ts';
import { helpOf, wrap } from './terminal/help.ts';

/** In the order in which they are listed. */
export const commands: readonly Command[] = [
  doctor,
  prepare,
  inspect,
  train,
  watch,
  generate,
  vary,
  interpolate,
  keep,
  render,
  evaluate,
  compare,
  reconstruct,
  listModels,
  plan,
];

/** Does what a command line says. @returns the exit code; what went wrong is on standard error then */
export async function run([name, ...words]: readonly string[]): Promise<number> {
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      process.stdout.write(`${overview()}\n`);
      return EXIT.done;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) {
      const names = commands.map((known) => known.name);
      throw new UsageError(`chipsmith: there is no command "${name}"${guess(name, names)} (--help lists them)`);
    }
    if (words.includes('--help') || words.includes('-h')) {
      process.stdout.write(`${helpOf(command, looseArguments(command, words))}\n`);
      return EXIT.done;
    }
    return (await command.run(parseCommandLine(command, words))) ?? EXIT.done;
  } catch (error) {
    const { text, code } = explain(error);
    process.stderr.write(`${text}\n`);
    return code;
  }
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const indent = ' '.repeat(width + 4);
  const lines = commands.map(({ name, description }) => {
    return `  ${name.padEnd(width)}  ${wrap(description, 80 - indent.length).join(`\n${indent}`)}`;
  });
  return `chipsmith makes NES music with models you train yourself.

Commands

${lines.join('\n')}

The usual way:
  pnpm chipsmith prepare my-midi-folder --output my-data
  pnpm chipsmith train --data my-data --run my-run
  pnpm chipsmith generate --run my-run --output my-tracks

Every command explains itself with --help. Exit codes: 0 done, 1 failed,
2 wrong usage, 130 interrupted.`;
}
