import { findEncoding } from '@chipsmith/data';
import { type BytesByCategory, MEMORY_CATEGORIES, totalMemory } from '@chipsmith/kernels';
import {
  findModel,
  type ModelConfiguration,
  type ModelDefinition,
  planEvaluation,
  planTraining,
} from '@chipsmith/models';
import { type Command, text } from '../terminal/command.ts';
import { formatTable, print } from '../terminal/output.ts';
import { formatBytes } from '../terminal/progress.ts';
import { bytesOf, configurationOf, modelOptions, shapeOf } from './options.ts';

export const plan: Command = {
  name: 'plan',
  description: 'Tell how much memory training will take, without a device.',
  options: {
    ...modelOptions,
    vram: { type: 'string', valueHint: 'size', default: '6GB', description: 'memory that it should fit into' },
  },
  examples: [
    ['plan --model basic-rnn --batch 64 --length 128', 'Will this fit into 6 GB?'],
    ['plan --layers 1024,1024 --batch 256 --length 512 --vram 4GB --json', 'For a script'],
  ],
  async run(args) {
    const definition = findModel(text(args, 'model') ?? 'basic-rnn');
    const memory = memoryOf(definition, configurationOf(args, definition), shapeOf(args, definition));
    const vram = bytesOf(args, 'vram') ?? 6e9;
    const fits = memory.peakBytes <= vram;
    const { parameters, peakBytes, byCategory } = memory;
    const rows = MEMORY_CATEGORIES.map((category) => ({
      memory: category,
      bytes: byCategory[category],
      size: formatBytes(byCategory[category]),
    }));
    const words = [
      `${definition.name}: ${parameters} parameters`,
      formatTable([...rows, { memory: 'total', bytes: peakBytes, size: formatBytes(peakBytes) }]),
      fits
        ? `Fits into ${formatBytes(vram)}.`
        : `Does not fit into ${formatBytes(vram)}: lower --batch, --length or --layers.`,
    ];
    print(args, { model: definition.name, parameters, peakBytes, byCategory, fits }, words.join('\n'));
    return 0;
  },
};

/** Memory of training with its validations, as `train` will allocate it. */
export function memoryOf(
  definition: ModelDefinition,
  configuration: ModelConfiguration,
  shape: { batch: number; length: number },
): { parameters: number; peakBytes: number; byCategory: BytesByCategory } {
  const model = definition.create(configuration, findEncoding(definition.encoding).classes);
  const byCategory = totalMemory([planTraining(model, shape).plan, planEvaluation(model).plan]);
  const peakBytes = MEMORY_CATEGORIES.reduce((total, category) => total + byCategory[category], 0);
  return { parameters: model.parameterCount, peakBytes, byCategory };
}
