import { stripVTControlCharacters } from 'node:util';
import { models } from '@chipsmith/models';
import { describe, expect, it } from 'vitest';
import { commands } from '../src/cli.ts';
import { settingsSchema } from '../src/commands/model-options.ts';
import { looseArguments, optionsOf } from '../src/terminal/command.ts';
import { schemaOptions } from '../src/terminal/schema-options.ts';
import { chipsmith, expectFailure } from './support/cli.ts';

describe('--help', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s names each option',
    async (name, command) => {
      const { code, stdout, lines } = await chipsmith(`${name} --help`);
      expect({ code, lines }).toEqual({ code: 0, lines: [] });
      const sections = command.helpSections?.(looseArguments(command, [])) ?? [['Options', optionsOf(command)]];
      for (const option of sections.flatMap(([, options]) => Object.keys(options)))
        expect(stdout).toContain(`--${option}`);
      // Long ones go on in the next line.
      const joined = stdout.replace(/ \\\n +/g, ' ');
      for (const [line] of command.examples) expect(joined).toContain(`pnpm chipsmith ${line}`);
      expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
      expect(stdout).not.toMatch(/ $/m);
      expect(stripVTControlCharacters(stdout)).toBe(stdout);
    },
  );

  it.each(models)('of train and plan shows the settings of $name where it is named', async (definition) => {
    const { name } = definition;
    for (const command of ['train', 'plan']) {
      const { stdout } = await chipsmith(`${command} --help --model ${name}`);
      expect(stdout).toContain(`\nSettings of ${name};`);
      for (const option of Object.keys(schemaOptions(settingsSchema(definition))))
        expect(stdout).toContain(`  --${option} `);
    }
  });

  it.each(['', '--help', 'help'])('of the whole, as %j, names each command', async (line) => {
    const { code, stdout } = await chipsmith(line);
    expect(code).toBe(0);
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
    for (const { name } of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it('is understood in the examples of every command', async () => {
    for (const { name, examples } of commands) {
      for (const [line] of examples) expect(line.split(' ')[0]).toBe(name);
    }
  });
});

describe('what a model does not take', () => {
  it.each(models)(
    'is wrong usage of train and plan: other settings, and other lengths of $name',
    async (definition) => {
      const { name, training } = definition;
      const own = Object.keys(schemaOptions(settingsSchema(definition)));
      const all = models.flatMap((other) => Object.entries(schemaOptions(settingsSchema(other))));
      const foreign = all.find(([option, { type }]) => type === 'string' && !own.includes(option))?.[0];
      for (const command of ['train', 'plan']) {
        const refused = new RegExp(`--${foreign} is not a setting of ${name}, which has --`);
        await expectFailure(2, refused, `${command} --model ${name} --${foreign} 1`);
        if (training.length > 1) continue;
        await expectFailure(
          2,
          /sees whole sequences, .*; leave out --length/,
          `${command} --model ${name} --length 64`,
        );
      }
    },
  );
});

describe('wrong usage ends with code 2 and one line', () => {
  it.each([
    ['trian', /there is no command "trian"; did you mean train\?/],
    ['--json', /there is no command "--json"/],
    ['train --modl x', /there is no option --modl; did you mean --model\?/],
    ['train -model x', /there is no option -model/],
    ['train --no-steps', /there is no option --no-steps/],
    ['train --xyzzy', /there is no option --xyzzy \(--help/],
    ['train --layers', /--layers needs a value/],
    ['train --layers --json', /--layers needs a value/],
    ['train --layers=', /--layers needs a value/],
    ['train --json=yes', /--json takes no value/],
    ['train something', /takes no "something"/],
    ['train --model basic-rn', /--model must be basic-rnn or mono-rnn .*, not "basic-rn"; did you mean basic-rnn\?/],
    ['train --steps 0', /--steps must be a whole number from 1 to 1000000000, not "0"/],
    ['train --minutes 0', /--minutes must be a number from 0\.0167 to 525600, not "0"/],
    [
      'prepare tunes --output data --shortest 5 --longest 1',
      /--shortest 5 is more than --longest 1, which leaves no song/,
    ],
    ['prepare  --output data', /chipsmith prepare: an empty word names nothing/],
    ['train --steps 1.5', /--steps must be a whole number/],
    ['train --seed -1', /--seed must be a whole number from 0 to 4294967295, not "-1"/],
    ['train --batch many', /--batch must be a whole number from 1 to 65536, not "many"/],
    ['plan --length 1000000', /--length: each must be a whole number from 1 to 16384, not "1000000"/],
    ['train --layers 8,,8', /--layers: each must be a whole number from 1 to 8192, not ""/],
    ['train --layers 0', /--layers: each must be a whole number from 1 to 8192, not "0"/],
    ['train --learning-rate 1e30', /--learning-rate must be a number above 0, up to 1, not "1e30"/],
    ['train --batch 6 --micro-batch 4', /micro-batch 4 does not divide batch 6; choose another value/],
    ['train --batch 256 --micro-batch 1', /micro-batch 1 cuts batch 256 into 256 parts, 64 are allowed/],
    ['plan --batch 65536 --length 16384', /batch 65536 times length 16384 is more than 16777216 events/],
    ['train --layers 8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8,8', /--layers takes 1 to 16 values with commas between, not 17/],
    ['train --model basik-rnn --help', /--model must be .*, not "basik-rnn"; did you mean basic-rnn\?/],
    ['models basik-rnn', /The model must be .*, not "basik-rnn"; did you mean basic-rnn\?/],
    ['models basic-rnn mono-rnn', /name one model, or none/],
    ['train --minutes soon', /--minutes must be a number/],
    ['train --patience -1', /--patience must be a whole number from 0 to 1000000000, not "-1"/],
    ['plan --adapter gles', /--adapter needs --measure/],
    ['plan --micro-batch 0', /--micro-batch must be a whole number from 1 to 65536, not "0"/],
    ['train --vram big', /--vram must be a size such as 6GB/],
    ['plan --vram 0GB', /--vram must be a size that a device can have, not "0GB"/],
    ['train --vram 99999999999GB', /--vram must be a size that a device can have, not "99999999999GB"/],
    ['plan --dropout 2', /--dropout must be a number from 0 to 0\.95, not "2"/],
    ['plan --dropout Infinity', /--dropout must be a number from 0 to 0\.95, not "Infinity"/],
    ['generate', /--run is needed/],
    ['generate --run x --count 0', /--count must be a whole number from 1 to 1000/],
    ['generate --run x --temperature 0', /--temperature must be a number from 0\.01 to 100/],
    ['generate --run x --top-p 2', /--top-p must be a number from 0\.001 to 1/],
    ['generate --run x --filter tv', /--filter must be .*, not "tv"/],
    ['generate --run x --checkpoint bets', /--checkpoint must be best or latest, not "bets"; did you mean best\?/],
    ['evaluate', /--run is needed/],
    ['evaluate --split vald', /--split must be train or valid or test, not "vald"; did you mean valid\?/],
    [
      'train --layers 8192,8192,8192',
      /basic-rnn: \d+ parameters are more than a checkpoint can hold .*; choose a smaller/,
    ],
    ['evaluate --run x --tracks 3', /--tracks needs --temperatures/],
    ['evaluate --run x --temperatures 1 --split test', /--split has no use beside --temperatures/],
    ['evaluate --baseline trigram', /--baseline must be unigram or bigram/],
    ['evaluate --baseline bigram', /--baseline needs --data or --run/],
    ['reconstruct', /--output is needed/],
    ['reconstruct --output x.html', /--run is needed/],
    ['reconstruct --output x.html --run y --count 0', /--count must be a whole number from 1 to 100/],
    ['prepare', /--output is needed/],
    ['prepare --output x', /name files, folders or archives, or give --corpus/],
    ['prepare a --corpus --output x', /one of the two/],
    [
      'prepare a --output x --encoding melodi',
      /--encoding must be melody( or .+)?, not "melodi"; did you mean melody\?/,
    ],
    ['prepare a --output x --voices pulse3', /--voices must be .*, not "pulse3"; did you mean pulse1\?/],
    ['prepare a --output x --valid-share 2', /--valid-share must be a number from 0 to 1/],
    ['render', /name one \.mid or \.vgm file/],
    ['render a.mid b.mid --output x.wav', /name one/],
    ['render a.mid', /--output is needed/],
    ['render a.mid --output a.ogg', /ending of --output must be \.wav or \.vgm or \.mid, not "\.ogg"/],
    ['render a.mid --output a.wav --sample-rate 10', /--sample-rate must be a whole number from 8000 to 192000/],
  ])('%s', (line, message) => expectFailure(2, message, line));
});
