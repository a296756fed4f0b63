import { createModel, type ModelDefinition, models } from '@chipsmith/models';
import type { Arguments, Command } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { optionLines } from '../terminal/help.ts';
import { formatTable, print } from '../terminal/output.ts';
import { schemaOptions } from '../terminal/schema-options.ts';
import { oneOf } from '../terminal/values.ts';
import { settingsSchema } from './model-options.ts';

export const listModels: Command = {
  name: 'models',
  description: 'List the models that can be trained, or the settings of one.',
  positionals: '[<model>]',
  options: {},
  examples: [
    ['models', 'What there is, with sizes at default settings'],
    ['models basic-rnn', 'Its settings, with what they mean and their defaults'],
  ],
  async run(args) {
    const [name, ...others] = args._;
    if (others.length > 0) throw new UsageError('chipsmith models: name one model, or none for the list of all');
    if (name === undefined) listAll(args);
    else
      describe(
        args,
        oneOf(
          'The model',
          name,
          models.map((model) => model.name),
        ),
      );
    return 0;
  },
};

function listAll(args: Arguments): void {
  const list = models.map(summaryOf);
  const rows = list.map((model, index) => ({ ...model, can: model.can.join(', '), summary: models[index].summary }));
  print(args, list, formatTable(rows));
}

function describe(args: Arguments, name: string): void {
  const [definition] = models.filter((model) => model.name === name);
  const { summary, training } = definition;
  const { parameters, encoding, can } = summaryOf(definition);
  const settings = schemaOptions(settingsSchema(definition));
  const words = [
    `${name}: ${summary}`,
    `${parameters} parameters, encoding ${encoding}, by default batch ${training.batch} and length ${training.length}`,
    `can ${can.join(', ')}`,
    '',
    ...optionLines(settings),
  ];
  const described = Object.entries(settings).map(([option, { description, valueHint }]) => {
    return { option: `--${option}`, values: valueHint, description };
  });
  print(args, { name, parameters, encoding, can, summary, training, settings: described }, words.join('\n'));
}

/** Of the model at its default settings. */
function summaryOf(definition: ModelDefinition) {
  const { name, encodings } = definition;
  const { parameters, composers } = createModel(definition);
  return { name, parameters: parameters.valueCount, encoding: encodings.join(', '), can: Object.keys(composers) };
}
