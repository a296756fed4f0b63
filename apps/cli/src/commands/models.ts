import { createModel, models } from '@chipsmith/models';
import type { Command } from '../terminal/command.ts';
import { formatTable, print } from '../terminal/output.ts';

export const listModels: Command = {
  name: 'models',
  description: 'List the models that can be trained.',
  options: {},
  examples: [['models', 'What there is, with sizes at default settings']],
  async run(args) {
    const list = models.map((definition) => {
      const parameters = createModel(definition).parameters.valueCount;
      return { name: definition.name, parameters, encoding: definition.encodings.join(', ') };
    });
    const rows = list.map((model, index) => ({ ...model, summary: models[index].summary }));
    print(args, list, formatTable(rows));
    return 0;
  },
};
