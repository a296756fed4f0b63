import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Command, parseCommandLine } from '../src/terminal/command.ts';
import { optionLines } from '../src/terminal/help.ts';
import { firstChange, givenValue, givenValues, schemaOptions } from '../src/terminal/schema-options.ts';

const schema = z.strictObject({
  units: z.array(z.int().min(1).max(9)).min(1).max(3).default([2, 4]).describe('of each layer'),
  cell: z.enum(['lstm', 'gru']).default('lstm').describe('kind of layer'),
  hasBias: z.boolean().default(true).describe('adds a bias'),
  tied: z.boolean().optional(),
  steps: z.int(),
  name: z.string().optional(),
  optimiser: z.strictObject({ learningRate: z.number().gt(0).lt(1).default(0.25).describe('of Adam') }).prefault({}),
});
const options = schemaOptions(schema.omit({ name: true }));
const numbers = schema.omit({ name: true });

const command: Command = { name: 'try', description: '', options, examples: [], run: async () => 0 };

function given(line: string) {
  return givenValues(numbers, parseCommandLine(command, line.split(' ').filter(Boolean)));
}

describe('schemaOptions', () => {
  it('describes each value with its kind and default, nested ones by the last word of their path', () => {
    expect(optionLines(options)).toEqual([
      '  --units <n,n,..>          of each layer (default 2,4)',
      '  --cell <lstm|gru>         kind of layer (default lstm)',
      '  --has-bias                adds a bias (default; --no-has-bias turns it off)',
      '  --tied                    ',
      '  --steps <n>               ',
      '  --learning-rate <0..1>    of Adam (default 0.25)',
    ]);
  });

  it('refuses two values of one name, and what a word cannot give', () => {
    const twice = z.object({ rate: z.number(), inner: z.object({ rate: z.number() }) });
    expect(() => schemaOptions(twice)).toThrow('two settings have the option --rate');
    expect(() => schemaOptions(z.object({ either: z.union([z.int(), z.boolean()]) }))).toThrow(/--either cannot be/);
  });
});

describe('givenValues', () => {
  it('are those that were typed, where the schema has them, which takes them', () => {
    expect(given('')).toEqual({});
    const values = given('--units 3,9,1 --cell gru --no-has-bias --tied --steps -5 --learning-rate 1e-3');
    expect(values).toEqual({
      units: [3, 9, 1],
      cell: 'gru',
      hasBias: false,
      tied: true,
      steps: -5,
      optimiser: { learningRate: 0.001 },
    });
    expect(numbers.parse(values)).toEqual(values);
  });

  it.each([
    ['--units 3,10', '--units: each must be a whole number from 1 to 9, not "10"'],
    ['--units 1,1,1,1', '--units takes 1 to 3 values with commas between, not 4'],
    ['--units 1.5', '--units: each must be a whole number from 1 to 9, not "1.5"'],
    ['--cell gruu', '--cell must be lstm or gru, not "gruu"; did you mean gru?'],
    ['--steps many', '--steps must be a whole number, not "many"'],
    ['--learning-rate 0', '--learning-rate must be a number above 0, below 1, not "0"'],
    ['--learning-rate 1', '--learning-rate must be a number above 0, below 1, not "1"'],
    ['--learning-rate NaN', '--learning-rate must be a number above 0, below 1, not "NaN"'],
  ])('%s is refused', (line, message) => {
    expect(() => given(line)).toThrow(message);
  });

  it('can be one that belongs to no object', () => {
    const typed = (bpm: string) =>
      parseCommandLine({ ...command, options: { bpm: { type: 'string', description: '' } } }, ['--bpm', bpm]);
    expect(givenValue(z.number().min(1).max(2), typed('1.5'), 'bpm')).toBe(1.5);
    expect(() => givenValue(z.number().min(1), typed('0'), 'bpm')).toThrow('--bpm must be a number of at least 1');
  });
});

describe('firstChange', () => {
  it('compares values, not how they were typed', () => {
    const current = numbers.parse({ units: [1, 2], steps: 3, tied: undefined });
    expect(
      firstChange(numbers, given('--units 1,2 --steps 3.0 --learning-rate 25e-2 --has-bias'), current),
    ).toBeUndefined();
    expect(firstChange(numbers, given('--units 1,2,3'), current)).toEqual({ option: 'units', current: '1,2' });
    expect(firstChange(numbers, given('--learning-rate 0.5'), current)).toEqual({
      option: 'learning-rate',
      current: '0.25',
    });
    expect(firstChange(numbers, given('--tied'), current)).toEqual({ option: 'tied', current: 'not set' });
  });
});
