import { type ModelDefinition, models, optimiserSettings } from '@chipsmith/models';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { givenSettings, settingOptions, shapeSchema, withSettings } from '../src/commands/model-options.ts';
import { parseCommandLine } from '../src/terminal/command.ts';
import { schemaOptions } from '../src/terminal/schema-options.ts';

const optimiser = optimiserSettings({ learningRate: 0.1, clipNorm: 1 });
const OPTIMISER = [
  ...['algorithm', 'learning-rate', 'clip-norm', 'warm-up', 'schedule', 'decay-steps', 'lowest-rate', 'average'],
];
const define = (name: string, settings: z.ZodRawShape): ModelDefinition => ({
  ...models[0],
  name,
  settings: z.strictObject({ ...settings, optimiser }),
});
const reader = define('reader', { width: z.int().default(8) });
const painter = define('painter', { width: z.int().default(4), colours: z.int().default(2) });
const both = [reader, painter];

const given = (line: string, definition: ModelDefinition) => {
  const command = { name: 'try', description: '', options: withSettings({}, both), examples: [], run: async () => 0 };
  return givenSettings(parseCommandLine(command, line.split(' ')), definition, both);
};

describe('the settings of models', () => {
  it('are options, each once, as the first model that has it describes it', () => {
    const options = settingOptions(both);
    expect(Object.keys(options)).toEqual(['width', ...OPTIMISER, 'colours']);
    expect(options.width.description).toContain('default 8');
  });

  it('are given to the model that has them, and refused by one that lacks them', () => {
    expect(given('--colours 5 --clip-norm 2', painter)).toEqual({ colours: 5, optimiser: { clipNorm: 2 } });
    expect(() => given('--colours 5', reader)).toThrow(
      /^--colours is not a setting of reader, which has --width, --algorithm, --learning-rate, --clip-norm,/,
    );
  });

  it('may not be named as an option of the command, nor be of two types', () => {
    const width = { type: 'string', description: 'of the page' } as const;
    expect(() => withSettings({ width }, both)).toThrow('--width is an option of the command and a setting of a model');
    const other = define('other', { colours: z.boolean().default(true) });
    expect(() => settingOptions([painter, other])).toThrow('schemas disagree on whether --colours has a value');
  });

  it('have the batch and length that suit the model beside them', () => {
    const { batch, length } = schemaOptions(shapeSchema({ ...reader, training: { batch: 3, length: 5 } }));
    expect([batch.description, length.description]).toEqual([
      expect.stringMatching(/\(default 3\)$/),
      expect.stringMatching(/\(default 5\)$/),
    ]);
  });
});
