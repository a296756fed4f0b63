import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { MEMORY_CATEGORIES } from '@chipsmith/kernels';
import { openDevice } from '@chipsmith/kernels/node';
import { findModel, ModelError, RunFolder, type TrainingStart, train as trainModel } from '@chipsmith/models';
import { type Arguments, type Command, flag, integer, text } from '../terminal/command.ts';
import { EXIT, UsageError } from '../terminal/errors.ts';
import { interruptSignal } from '../terminal/interrupt.ts';
import { formatTable, print } from '../terminal/output.ts';
import { clockTime, formatBytes, startProgress } from '../terminal/progress.ts';
import { adapterOption, bytesOf, CORPUS, configurationOf, datasetOf, modelOptions, shapeOf } from './options.ts';
import { memoryOf } from './plan.ts';

export const train: Command = {
  name: 'train',
  description: 'Train a model on a dataset, or go on with a run.',
  options: {
    ...modelOptions,
    data: {
      type: 'string',
      valueHint: 'folder',
      default: CORPUS,
      description: `dataset folder made by prepare, or ${CORPUS} for the tunes that come with chipsmith`,
    },
    run: { type: 'string', valueHint: 'folder', description: 'run folder (default: runs/<model>-<first free number>)' },
    steps: {
      type: 'string',
      valueHint: 'n',
      default: '1000',
      description: 'training steps, those before a resume included',
    },
    resume: { type: 'boolean', description: 'go on from the latest checkpoint of --run' },
    seed: { type: 'string', valueHint: 'n', description: 'decides starting values, order and dropout (default 1)' },
    'validate-every': {
      type: 'string',
      valueHint: 'steps',
      description: 'validate and save a checkpoint (default 100)',
    },
    'valid-events': {
      type: 'string',
      valueHint: 'n',
      description: 'events that a validation looks at (default 20000)',
    },
    patience: {
      type: 'string',
      valueHint: 'n',
      description: 'stop after n validations without progress; 0 never (default 10)',
    },
    vram: { type: 'string', valueHint: 'size', description: 'refuse to start if training needs more, such as 6GB' },
    ...adapterOption,
  },
  examples: [
    ['train', 'Basic RNN on the tunes that come with chipsmith'],
    ['train --data nes --run runs/nes --steps 5000 --layers 256,256', 'A larger one on your own data'],
    ['train --run runs/nes --data nes --steps 10000 --resume', 'Go on with it'],
  ],
  async run(args) {
    const definition = findModel(text(args, 'model') ?? 'basic-rnn');
    const place = text(args, 'data') ?? CORPUS;
    const resume = flag(args, 'resume');
    const folder = text(args, 'run') ?? freeRunFolder(args, definition.name);
    if (resume) await refuseOtherSettings(args, folder);
    const configuration = configurationOf(args, definition);
    const shape = shapeOf(args, definition);
    const dataset = await datasetOf(place, definition.encoding);
    const vram = bytesOf(args, 'vram');
    if (vram !== undefined) refuseTooLarge(memoryOf(definition, configuration, shape).peakBytes, vram);

    const signal = interruptSignal();
    const device = await openDevice({ adapter: text(args, 'adapter') });
    const progress = startProgress('training');
    let start: TrainingStart | undefined;
    try {
      process.stderr.write(`training ${definition.name} on ${device.adapter.name} into ${folder}\n`);
      const result = await trainModel({
        device,
        definition,
        configuration,
        dataset,
        dataPlace: place === CORPUS ? CORPUS : resolve(place),
        folder,
        resume,
        ...shape,
        steps: integer(args, 'steps', 1) ?? 1000,
        seed: integer(args, 'seed', 0, 2 ** 32 - 1) ?? 1,
        validateEvery: integer(args, 'validate-every', 1) ?? 100,
        validTokens: integer(args, 'valid-events', 1) ?? 20_000,
        patience: integer(args, 'patience', 0) ?? 10,
        signal,
        onStart: (told) => {
          start = told;
          if (!flag(args, 'json')) process.stderr.write(`${memoryTable(told)}\n`);
        },
        onProgress: ({ step, steps, loss, tokensPerSecond, secondsLeft, valid }) => {
          const validation = valid === undefined ? '' : `, valid ${valid.nll.toFixed(3)}`;
          const rate = `${Math.round(tokensPerSecond)} events/s`;
          progress.update(
            step / steps,
            `step ${step}, loss ${loss.toFixed(3)}${validation}, ${rate}, ${clockTime(secondsLeft)} left`,
          );
        },
      });
      progress.stop();
      const best =
        result.best === null
          ? 'no validation'
          : `lowest validation loss ${result.best.nll.toFixed(3)} nats at step ${result.best.step}`;
      const words = `${result.reason} at step ${result.step}; ${best}\nRun folder: ${folder}`;
      print(
        args,
        { ...result, folder, parameters: start?.parameters, predicted: start?.predicted, measured: start?.measured },
        words,
      );
      return result.reason === 'interrupted' ? EXIT.interrupted : EXIT.done;
    } finally {
      progress.stop();
      device.destroy();
    }
  },
};

function memoryTable({ parameters, predicted, measured }: TrainingStart): string {
  const rows = MEMORY_CATEGORIES.map((category) => ({
    memory: category,
    predicted: formatBytes(predicted[category]),
    measured: formatBytes(measured[category]),
  }));
  const total = (bytes: TrainingStart['predicted']) =>
    formatBytes(Object.values(bytes).reduce((sum, value) => sum + value, 0));
  return `${parameters} parameters\n${formatTable([...rows, { memory: 'total', predicted: total(predicted), measured: total(measured) }])}`;
}

function refuseTooLarge(needed: number, vram: number): void {
  if (needed <= vram) return;
  throw new ModelError(
    `Training needs ${formatBytes(needed)}, more than the ${formatBytes(vram)} allowed: lower --batch, --length or --layers (chipsmith plan tells what fits).`,
  );
}

function freeRunFolder(args: Arguments, model: string): string {
  if (flag(args, 'resume')) throw new UsageError('chipsmith train: --resume needs --run with the folder to go on with');
  for (let number = 1; ; number++) {
    const folder = `runs/${model}-${number}`;
    if (!existsSync(folder)) return folder;
  }
}

/** A resumed run keeps its model, batch, length and seed: options that say otherwise would do nothing. */
async function refuseOtherSettings(args: Arguments, folder: string): Promise<void> {
  const fixed = ['layers', 'dropout', 'learning-rate', 'clip-norm', 'batch', 'length', 'seed'];
  const given = fixed.filter((name) => text(args, name) !== undefined);
  if (given.length > 0) {
    throw new UsageError(`chipsmith train: --${given.join(', --')} cannot change in a resumed run; leave them out`);
  }
  const { metadata } = await new RunFolder(folder).load('latest');
  if (metadata.model !== (text(args, 'model') ?? metadata.model)) {
    throw new UsageError(`chipsmith train: ${folder} is a run of ${metadata.model}, not of ${text(args, 'model')}`);
  }
}
