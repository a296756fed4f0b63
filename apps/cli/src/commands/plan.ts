import { findEncoding } from '@chipsmith/data';
import { MEMORY_CATEGORIES } from '@chipsmith/kernels';
import {
  fitTraining,
  type ModelDefinition,
  ModelError,
  models,
  recomputedShare,
  type Trainee,
  type TrainingFit,
  type TrainingMemory,
  type TrainingShape,
  traineeOf,
  trainingMemory,
} from '@chipsmith/models';
import { type Arguments, type Command, flag, type Options, text } from '../terminal/command.ts';
import { UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { formatTable, print } from '../terminal/output.ts';
import { formatBytes } from '../terminal/progress.ts';
import { schemaOptions } from '../terminal/schema-options.ts';
import { modelOf, modelOption, sectionsOf, shapeSchema, trainingOf, withSettings } from './model-options.ts';
import { adapterOption, bytesOf, withDevice } from './options.ts';
import { measureOutlook, outlookWords } from './speed.ts';

function ownOptions(definition: ModelDefinition): Options {
  return {
    ...modelOption,
    ...schemaOptions(shapeSchema(definition)),
    vram: { type: 'string', valueHint: 'size', description: 'memory that it should fit into (default 6GB)' },
    measure: {
      type: 'boolean',
      description: 'train for two seconds with these settings, to tell how long training takes here',
    },
    ...adapterOption,
  };
}

export const plan: Command = {
  name: 'plan',
  description:
    'Tell how much memory training will take, without a device, and how it can be made to fit; with --measure also how long.',
  get options() {
    return withSettings(ownOptions(models[0]), models);
  },
  helpSections(args) {
    const definition = modelOf(args);
    return sectionsOf(ownOptions(definition), definition);
  },
  examples: [
    ['plan --model basic-rnn --batch 64 --length 128', 'Will this fit into 6 GB?'],
    ['plan --layers 1024,1024 --half activations', 'What does storing in 16 bits save?'],
    ['plan --layers 256,256 --measure', 'How long will it take on this machine?'],
    ['plan --layers 1024,1024 --batch 256 --length 512 --vram 4GB --json', 'For a script'],
  ],
  async run(args) {
    const { definition, settings, shape } = trainingOf(args);
    const isMeasured = flag(args, 'measure');
    if (!isMeasured && text(args, 'adapter') !== undefined) {
      throw new UsageError('chipsmith plan: --adapter needs --measure; without it no device is used');
    }
    const vram = bytesOf(args, 'vram') ?? 6e9;
    const trainee = traineeOf(definition, settings, findEncoding(definition.encodings[0]));
    const requested = trainingMemory(trainee, shape, { limits: ANY_DEVICE });
    const fits = requested !== undefined && requested.bytes <= vram;
    const fit = await tryToFit(trainee, shape, vram);
    const chosen = typeof fit === 'string' ? undefined : fit;
    const recomputed = chosen === undefined ? 0 : recomputedShare(chosen.pass);
    const verdict =
      chosen === undefined
        ? `Does not fit into ${formatBytes(vram)}. ${fit}`
        : fits
          ? `Fits into ${formatBytes(vram)}.`
          : `Does not fit into ${formatBytes(vram)} as asked. With --vram, train chooses ${settingsWords(shape, chosen.microBatch, recomputed)}.`;
    const { half } = shape;
    const whole = half && trainingMemory(trainee, { ...shape, half: undefined }, { limits: ANY_DEVICE });
    const parameters = trainee.model.parameters.valueCount;
    const speed = isMeasured && chosen !== undefined ? await measured(args, trainee, shape, chosen) : undefined;
    const words = [
      `${definition.name}: ${parameters} parameters`,
      memoryTable(requested, fits ? undefined : chosen),
      verdict,
      ...(whole ? [`With everything in 32 bits it would take ${formatBytes(whole.bytes)}.`] : []),
      ...(speed ? [`On ${speed.adapter}: ${outlookWords(definition, speed)}.`] : []),
    ];
    const json = {
      model: definition.name,
      parameters,
      peakBytes: requested?.bytes ?? null,
      byCategory: requested?.byCategory ?? null,
      ...(whole && { peakBytesIn32Bits: whole.bytes }),
      fits,
      chosen: chosen === undefined ? null : chosenJson(chosen, recomputed),
      refusal: typeof fit === 'string' ? fit : null,
      ...(speed && { speed }),
    };
    print(args, json, words.join('\n'));
    return 0;
  },
};

/** How fast the settings that fit are, and on which adapter. */
async function measured(
  args: Arguments,
  trainee: Trainee,
  shape: TrainingShape,
  { microBatch, recompute }: TrainingFit,
) {
  return await interruptible((signal) =>
    withDevice(args, signal, async (device, onProgress) => ({
      adapter: device.adapter.name,
      ...(await measureOutlook(device, trainee, { ...shape, microBatch }, { recompute, signal, onProgress })),
    })),
  );
}

/**
 * No device is asked here, and how large its buffers may be differs: 128 MiB at least, 2 GiB on most graphics cards.
 */
const ANY_DEVICE = { maxBufferSize: Number.MAX_SAFE_INTEGER, maxStorageBufferBindingSize: Number.MAX_SAFE_INTEGER };

/** Settings that fit, or in words why none do. */
async function tryToFit(trainee: Trainee, shape: TrainingShape, budget: number): Promise<TrainingFit | string> {
  try {
    return await fitTraining(trainee, shape, budget, ANY_DEVICE);
  } catch (error) {
    if (error instanceof ModelError) return error.message;
    throw error;
  }
}

function chosenJson({ microBatch, recompute, bytes, byCategory }: TrainingFit, recomputed: number) {
  return { microBatch, recompute, recomputed, peakBytes: bytes, byCategory };
}

function memoryTable(requested: TrainingMemory | undefined, chosen: TrainingMemory | undefined): string {
  const row = (memory: string, bytesIn: (plan: TrainingMemory) => number) => ({
    memory,
    ...(requested && { bytes: bytesIn(requested), size: formatBytes(bytesIn(requested)) }),
    ...(chosen && { 'bytes as chosen': bytesIn(chosen), 'size as chosen': formatBytes(bytesIn(chosen)) }),
  });
  return formatTable([
    ...MEMORY_CATEGORIES.map((category) => row(category, ({ byCategory }) => byCategory[category])),
    row('total', ({ bytes }) => bytes),
  ]);
}

/** How a batch goes through the model, for people. @param recomputed share of the forward pass, 0..1 */
export function settingsWords({ batch, half }: TrainingShape, microBatch: number, recomputed: number): string {
  const whole = batch === 1 ? 'one sequence at a time' : `all ${batch} sequences at once`;
  const parts = microBatch === batch ? whole : `micro-batches of ${microBatch} of ${batch} sequences`;
  const again = recomputed === 0 ? 'nothing' : `${Math.max(1, Math.round(100 * recomputed))} % of the forward pass`;
  const stored = half === undefined ? '' : `, ${half === 'both' ? 'activations and weights' : half} in 16 bits`;
  return `${parts}, ${again} computed again${stored}`;
}
