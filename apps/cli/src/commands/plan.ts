import { findEncoding } from '@chipsmith/data';
import { type BytesByCategory, MEMORY_CATEGORIES, totalMemory } from '@chipsmith/kernels';
import { planEvaluation, planTraining } from '@chipsmith/models';
import type { Command } from '../terminal/command.ts';
import { formatTable, print } from '../terminal/output.ts';
import { formatBytes } from '../terminal/progress.ts';
import { bytesOf, modelOptions, type Training, trainingOf } from './options.ts';

export const plan: Command = {
  name: 'plan',
  description: 'Tell how much memory training will take, without a device.',
  options: {
    ...modelOptions,
    vram: { type: 'string', valueHint: 'size', description: 'memory that it should fit into (default 6GB)' },
  },
  examples: [
    ['plan --model basic-rnn --batch 64 --length 128', 'Will this fit into 6 GB?'],
    ['plan --layers 1024,1024 --batch 256 --length 512 --vram 4GB --json', 'For a script'],
  ],
  async run(args) {
    const training = trainingOf(args);
    const vram = bytesOf(args, 'vram') ?? 6e9;
    const { parameters, peakBytes, byCategory } = memoryOf(training);
    const fits = peakBytes <= vram;
    const rows = MEMORY_CATEGORIES.map((category) => ({
      memory: category,
      bytes: byCategory[category],
      size: formatBytes(byCategory[category]),
    }));
    const words = [
      `${training.definition.name}: ${parameters} parameters`,
      formatTable([...rows, { memory: 'total', bytes: peakBytes, size: formatBytes(peakBytes) }]),
      fits
        ? `Fits into ${formatBytes(vram)}.`
        : `Does not fit into ${formatBytes(vram)}: lower --batch, --length or --layers.`,
    ];
    print(args, { model: training.definition.name, parameters, peakBytes, byCategory, fits }, words.join('\n'));
    return 0;
  },
};

export interface TrainingMemory {
  readonly parameters: number;
  readonly peakBytes: number;
  readonly byCategory: BytesByCategory;
}

/** No device is asked here, and how large its buffers may be differs: 128 MiB at least, 2 GiB on most graphics cards. */
const ANY_DEVICE = { maxBufferSize: Number.MAX_SAFE_INTEGER, maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER };

/** Memory of training with its validations, as `train` will allocate it. */
export function memoryOf({ definition, configuration, shape }: Training): TrainingMemory {
  const model = definition.create(configuration, findEncoding(definition.encoding).classes);
  const plans = [planTraining(model, shape, ANY_DEVICE).plan, planEvaluation(model, ANY_DEVICE).plan];
  const byCategory = totalMemory(plans);
  const peakBytes = MEMORY_CATEGORIES.reduce((total, category) => total + byCategory[category], 0);
  return { parameters: model.parameterCount, peakBytes, byCategory };
}
