import { resolve } from 'node:path';
import { AUGMENTATION_NAMES, type AugmentationName, findEncoding } from '@chipsmith/data';
import { type BytesByCategory, type Device, MEMORY_CATEGORIES } from '@chipsmith/kernels';
import {
  findModel,
  learningWarning,
  type TrainingPlan,
  type TrainingProgress,
  type TrainingResult,
  type TrainingStart,
  type TrainOptions,
  trainingSettings,
  train as trainModel,
} from '@chipsmith/models';
import { RunFolder, threadedBatches } from '@chipsmith/models/node';
import { clockTime } from '../clock-time.ts';
import {
  type Arguments,
  type Command,
  choice,
  flag,
  integer,
  number,
  rangeOf,
  required,
  seedOf,
  text,
} from '../terminal/command.ts';
import { EXIT, UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { formatTable, print, tell } from '../terminal/output.ts';
import { formatBytes, startProgress } from '../terminal/progress.ts';
import { nextLines } from './next-lines.ts';
import {
  adapterOption,
  bytesOf,
  CORPUS,
  DEFAULT_STEPS,
  datasetOf,
  freeFolder,
  givenSettings,
  modelOptions,
  settingOption,
  type Training,
  trainingOf,
  withDevice,
} from './options.ts';
import { settingsWords } from './plan.ts';

export const train: Command = {
  name: 'train',
  description: 'Train a model on a dataset, or go on with a run.',
  options: {
    ...modelOptions,
    data: {
      type: 'string',
      valueHint: 'folder',
      description: `dataset folder made by prepare, or ${CORPUS} for the tunes that come with chipsmith (default ${CORPUS})`,
    },
    run: {
      type: 'string',
      valueHint: 'folder',
      description: 'run folder to write (default runs/<model>-<first free number>)',
    },
    steps: settingOption('steps', 'n'),
    minutes: settingOption('minutes', 'm'),
    resume: {
      type: 'boolean',
      description: 'go on from the latest checkpoint of --run, with its model, settings and data',
    },
    seed: settingOption('seed', 'n'),
    'validate-every': settingOption('validateEvery', 'steps'),
    'valid-events': settingOption('validTokens', 'n'),
    augment: {
      type: 'string',
      valueHint: AUGMENTATION_NAMES.join('|'),
      description:
        'change the training songs at random in each epoch, as these tools do: key, speed, voices (default: none)',
    },
    patience: settingOption('patience', 'n'),
    vram: {
      type: 'string',
      valueHint: 'size',
      description:
        'stay within this memory, such as 6GB, with smaller micro-batches and by computing values again; refuses if nothing fits',
    },
    ...adapterOption,
  },
  examples: [
    ['train', 'Basic RNN on the tunes that come with chipsmith'],
    ['train --data nes --run runs/nes --steps 5000 --layers 256,256', 'A larger one on your own data'],
    ['train --data nes --run runs/nes --minutes 30', 'For half an hour, whatever the machine'],
    ['train --layers 1024,1024 --batch 256 --length 512 --vram 6GB', 'One that does not fit by itself'],
    ['train --model mono-rnn --data nes-mono --augment music-vae', 'In every key, another one in each epoch'],
    ['train --run runs/nes --steps 10000 --resume', 'Go on with it'],
  ],
  async run(args) {
    const resume = flag(args, 'resume');
    const run = resume ? await resumedRun(args) : newRun(args);
    const { folder, data, seed, budget, augmentation, definition, settings, shape } = run;
    const loop = {
      ...boundsOf(args),
      validateEvery: integer(args, 'validate-every', rangeOf(trainingSettings.validateEvery)) ?? 100,
      validTokens: integer(args, 'valid-events', rangeOf(trainingSettings.validTokens)) ?? 20_000,
      patience: integer(args, 'patience', rangeOf(trainingSettings.patience)) ?? 10,
    };
    const dataset = await datasetOf(data, findEncoding(definition.encodings[0]));

    const dataPlace = data === CORPUS ? CORPUS : resolve(data);
    const what = { definition, settings, dataset, dataPlace, seed, budget, augmentation };
    const progress = startProgress('training');
    let start: TrainingStart | undefined;
    const onStart = (started: TrainingStart) => {
      start = started;
      tell(`${formatBytes(sum(started.measured))} measured on the device`);
    };
    const onProgress = (done: TrainingProgress) => progress.update(done.share, progressWords(done));
    try {
      const result = await interruptible((signal) =>
        withDevice(args, signal, (device, onPreparation) => {
          const onPlan = (planned: TrainingPlan) => tell(planWords(run, device, planned));
          const reports = { onPreparation, onPlan, onStart, onProgress };
          const place = { store: new RunFolder(folder), batchSource: threadedBatches };
          return trainModel({ ...shape, ...loop, ...what, ...place, resume, ...reports, device, signal });
        }),
      );
      progress.stop();
      printResult(args, run, result, start);
      return result.reason === 'interrupted' ? EXIT.interrupted : EXIT.done;
    } finally {
      progress.stop();
    }
  },
};

/** What is known before anything is on the device. */
function planWords(run: Run, device: Device, planned: TrainingPlan): string {
  return [
    `training ${run.definition.name} on ${device.adapter.name} into ${run.folder}`,
    memoryTable(planned),
    settingsOf(run, planned),
    ...(planned.padding >= 0.01 ? [paddingWords(planned)] : []),
  ].join('\n');
}

function progressWords({ step, loss, tokensPerSecond, waited, secondsLeft, valid }: TrainingProgress): string {
  const validation = valid === undefined ? '' : `, valid ${valid.loss.toFixed(3)}`;
  const rate = `${Math.round(tokensPerSecond)} events/s`;
  const idle = waited >= 0.01 ? `, ${Math.round(100 * waited)} % waiting for data` : '';
  return `step ${step}, loss ${loss.toFixed(3)}${validation}, ${rate}${idle}, ${clockTime(secondsLeft)} left`;
}

/** How the training ended, and what to type next. */
function printResult(
  args: Arguments,
  { folder, definition: { lossUnit } }: Run,
  result: TrainingResult,
  start: TrainingStart | undefined,
): void {
  const { best, reason, step } = result;
  const lowest =
    best === null ? 'no validation' : `lowest validation loss ${best.loss.toFixed(3)} ${lossUnit} at step ${best.step}`;
  const { parameters, microBatch, recomputed, unrestricted, padding, predicted, measured } = start ?? {};
  const memory = { parameters, microBatch, recomputed, unrestricted, padding, predicted, measured };
  const warning = learningWarning(result, lossUnit);
  if (warning !== undefined) tell(warning);
  const next = nextLines(args, folder, result);
  const words = [
    `${REASONS[reason]} at step ${step}; ${lowest}`,
    `Run folder: ${folder}`,
    `Go on training: ${next.resume}`,
    `Make tracks:    ${next.generate}`,
  ];
  print(args, { ...result, folder, ...memory, ...(warning && { warning }), next }, words.join('\n'));
}

const REASONS: Readonly<Record<TrainingResult['reason'], string>> = {
  finished: 'finished',
  time: 'stopped by --minutes',
  'no improvement': 'no improvement',
  interrupted: 'interrupted',
};

/** Where training ends: after the usual number of steps if nothing is said. */
function boundsOf(args: Arguments): Pick<TrainOptions, 'steps' | 'minutes'> {
  const minutes = number(args, 'minutes', rangeOf(trainingSettings.minutes));
  const steps = integer(args, 'steps', rangeOf(trainingSettings.steps));
  return { minutes, steps: steps ?? (minutes === undefined ? DEFAULT_STEPS : undefined) };
}

interface Run extends Training {
  readonly folder: string;
  /** Dataset folder, or CORPUS. */
  readonly data: string;
  readonly seed: number;
  /** Bytes that training may take. */
  readonly budget: number | undefined;
  readonly augmentation: AugmentationName | undefined;
}

function newRun(args: Arguments): Run {
  const training = trainingOf(args);
  const folder = text(args, 'run') ?? freeFolder(`runs/${training.definition.name}`);
  const budget = bytesOf(args, 'vram');
  const augmentation = choice(args, 'augment', AUGMENTATION_NAMES);
  return { ...training, folder, data: text(args, 'data') ?? CORPUS, seed: seedOf(args) ?? 1, budget, augmentation };
}

/**
 * A run goes on as it began. Options may say again what it is, so that the same line can be typed with --resume.
 *
 * @throws UsageError if an option says something else
 */
async function resumedRun(args: Arguments): Promise<Run> {
  const folder = required(args, 'run', 'the folder of the run to go on with');
  const run = new RunFolder(folder);
  const { metadata, settings } = await run.load('latest');
  const { model, training } = metadata;
  const definition = findModel(model);
  const { layers, dropout, optimiser } = settings;
  const { seed, batch, length, microBatch, half, budget, augmentation } = training;
  const current: Readonly<Record<string, unknown>> = {
    model,
    layers,
    dropout,
    'learning-rate': optimiser.learningRate,
    'clip-norm': optimiser.clipNorm,
    batch,
    length,
    'micro-batch': microBatch,
    half: half ?? 'not set',
    seed,
    augment: augmentation ?? 'not set',
    vram: budget === null ? 'not limited' : `${budget / 1e6}MB`,
  };
  const vram = bytesOf(args, 'vram');
  for (const [name, value] of Object.entries({
    ...givenSettings(args),
    seed: seedOf(args),
    augment: choice(args, 'augment', AUGMENTATION_NAMES),
    vram: vram && `${vram / 1e6}MB`,
  })) {
    if (value === undefined || String(value) === String(current[name])) continue;
    throw new UsageError(
      `--${name} is ${current[name]} in ${folder} and cannot change; leave it out, or start a new run`,
    );
  }
  const data = text(args, 'data') ?? (await run.dataPlace());
  const shape = { batch, length, microBatch, half };
  const optional = { budget: budget ?? undefined, augmentation: augmentation ?? undefined };
  return { folder, data, seed, definition, settings, shape, ...optional };
}

/** What a budget led to, and what it saves. */
function settingsOf({ shape, budget }: Run, { microBatch, recomputed, unrestricted }: TrainingPlan): string {
  const within = budget === undefined ? '' : `within ${formatBytes(budget)}: `;
  const settings = `${within}${settingsWords(shape, microBatch, recomputed)}`;
  if (microBatch === shape.batch && recomputed === 0 && shape.half === undefined) return settings;
  const otherwise = unrestricted === undefined ? 'more than the device can hold at once' : formatBytes(unrestricted);
  return `${settings}; would take ${otherwise} otherwise`;
}

function paddingWords({ padding }: TrainingPlan): string {
  return `${Math.round(100 * padding)} % of each batch is padding after short sequences; a shorter --length has less`;
}

function memoryTable({ parameters, predicted }: TrainingPlan): string {
  const rows = [
    ...MEMORY_CATEGORIES.map((category) => ({ memory: category, predicted: formatBytes(predicted[category]) })),
    { memory: 'total', predicted: formatBytes(sum(predicted)) },
  ];
  return `${parameters} parameters\n${formatTable(rows)}`;
}

function sum(bytes: BytesByCategory): number {
  return MEMORY_CATEGORIES.reduce((total, category) => total + bytes[category], 0);
}
