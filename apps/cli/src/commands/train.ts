import { basename, resolve } from 'node:path';
import { type AugmentationName, findEncoding } from '@chipsmith/data';
import { type Device, MEMORY_CATEGORIES, totalBytes } from '@chipsmith/kernels';
import {
  findModel,
  learningWarning,
  lengthsOf,
  type ModelDefinition,
  models,
  type StartingPoint,
  type TrainingPlan,
  type TrainingProgress,
  type TrainingResult,
  type TrainingStart,
  trainingSettings,
  train as trainModel,
} from '@chipsmith/models';
import { RunFolder, startingPointAt, threadedBatches } from '@chipsmith/models/node';
import { z } from 'zod';
import { clockTime } from '../clock-time.ts';
import { previewsInto } from '../previews.ts';
import { type Arguments, type Command, flag, type Options, text } from '../terminal/command.ts';
import { EXIT, UsageError } from '../terminal/errors.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { formatTable, print, tell } from '../terminal/output.ts';
import { formatBytes, startProgress } from '../terminal/progress.ts';
import { firstChange, givenValues, schemaOptions } from '../terminal/schema-options.ts';
import { required } from '../terminal/values.ts';
import { requireWritable } from '../writable.ts';
import {
  givenSettings,
  givenShape,
  modelOf,
  modelOption,
  sectionsOf,
  settingsSchema,
  shapeSchema,
  type Training,
  trainingOf,
  withSettings,
} from './model-options.ts';
import { nextLines } from './next-lines.ts';
import { adapterOption, bytesOf, CORPUS, DEFAULT_STEPS, datasetOf, freeFolder, withDevice } from './options.ts';
import { settingsWords } from './plan.ts';

/** Settings that a run keeps, beside the model's own and the shape of its batches. */
const keptSchema = z.object({
  seed: trainingSettings.seed,
  augment: trainingSettings.augmentation.describe(
    'change the training songs at random in each epoch, as these tools do: key, speed, voices (default: none)',
  ),
});

/** How long a training goes on and how often it looks up; may differ each time that a run goes on. */
const loopSchema = z.object({
  steps: trainingSettings.steps,
  minutes: trainingSettings.minutes,
  validateEvery: trainingSettings.validateEvery,
  validEvents: trainingSettings.validTokens,
  previewEvery: trainingSettings.previewEvery,
  patience: trainingSettings.patience,
});

function ownOptions(definition: ModelDefinition): Options {
  return {
    ...modelOption,
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
    resume: {
      type: 'boolean',
      description: 'go on from the latest checkpoint of --run, with its model, settings and data',
    },
    from: {
      type: 'string',
      valueHint: 'run|file',
      description:
        'start a new run with what the best checkpoint of another run, or a checkpoint file, has learnt: its model and settings, of which those of the optimiser can be set anew',
    },
    ...schemaOptions(loopSchema),
    ...schemaOptions(shapeSchema(definition)),
    ...schemaOptions(keptSchema),
    vram: {
      type: 'string',
      valueHint: 'size',
      description:
        'stay within this memory, such as 6GB, with smaller micro-batches and by computing values again; refuses if nothing fits',
    },
    tensorboard: {
      type: 'boolean',
      description: 'write metrics for TensorBoard too, into the folder tensorboard of the run',
    },
    ...adapterOption,
  };
}

export const train: Command = {
  name: 'train',
  description: 'Train a model on a dataset, or go on with a run.',
  get options() {
    return withSettings(ownOptions(models[0]), models);
  },
  helpSections(args) {
    const definition = modelOf(args);
    return sectionsOf(ownOptions(definition), definition);
  },
  examples: [
    ['train', 'Basic RNN on the tunes that come with chipsmith'],
    ['train --data nes --run runs/nes --steps 5000 --layers 256,256', 'A larger one on your own data'],
    ['train --data nes --run runs/nes --minutes 30', 'For half an hour, whatever the machine'],
    ['train --layers 1024,1024 --batch 256 --length 512 --vram 6GB', 'One that does not fit by itself'],
    ['train --data nes --length 64,128,256', 'Short songs apart from long ones: fewer steps are padding'],
    ['train --model mono-rnn --data nes-mono --augment music-vae', 'In every key, another one in each epoch'],
    ['train --run runs/nes --steps 10000 --resume', 'Go on with it'],
    ['train --from runs/nes --data my-songs --learning-rate 0.0003', 'Fine-tune what it learnt to other songs'],
    ['train --run runs/nes --preview-every 200 --tensorboard', 'To follow with watch, or TensorBoard'],
  ],
  async run(args) {
    const { previewEvery, ...loop } = loopOf(args);
    const resume = flag(args, 'resume');
    const run = await (resume ? resumedRun(args) : newRun(args));
    const { folder, data, encoding: spoken, seed, budget, augmentation, definition, settings, shape, from } = run;
    const dataset = await datasetOf(data, findEncoding(spoken));
    const store = new RunFolder(folder, { tensorBoard: flag(args, 'tensorboard') });
    const encoding = findEncoding(dataset.manifest.encoding.name);
    const previewed = { folder: store, model: definition.name, encoding, seed };
    const preview = previewEvery === 0 ? undefined : previewsInto(previewed, previewEvery);

    const dataPlace = data === CORPUS ? CORPUS : resolve(data);
    const what = { definition, settings, dataset, dataPlace, from, seed, budget, augmentation };
    const progress = startProgress('training');
    let start: TrainingStart | undefined;
    const onStart = (started: TrainingStart) => {
      start = started;
      tell(`${formatBytes(totalBytes(started.measured))} measured on the device`);
    };
    const onProgress = (done: TrainingProgress) => progress.update(done.share, progressWords(run, done));
    try {
      const result = await interruptible((signal) =>
        withDevice(args, signal, (device, onPreparation) => {
          const onPlan = (planned: TrainingPlan) => tell(planWords(run, device, planned));
          const reports = { onPreparation, onPlan, onStart, onProgress };
          const place = { store, batchSource: threadedBatches };
          return trainModel({ ...shape, ...loop, preview, ...what, ...place, resume, ...reports, device, signal });
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

function progressWords(
  { definition: { units } }: Run,
  { step, loss, tokensPerSecond, waited, secondsLeft, valid }: TrainingProgress,
): string {
  const validation = valid === undefined ? '' : `, valid ${valid.loss.toFixed(3)}`;
  const rate = `${Math.round(tokensPerSecond)} ${units}/s`;
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
  const { best, reason, step, from } = result;
  const lowest =
    best === null ? 'no validation' : `lowest validation loss ${best.loss.toFixed(3)} ${lossUnit} at step ${best.step}`;
  const before =
    from === undefined || from.loss === null
      ? []
      : [`${from.loss.toFixed(3)} before the first step, as ${from.name} had learnt`];
  const { parameters, microBatch, recomputed, unrestricted, padding, predicted, measured } = start ?? {};
  const memory = { parameters, microBatch, recomputed, unrestricted, padding, predicted, measured };
  const warning = learningWarning(result, lossUnit);
  if (warning !== undefined) tell(warning);
  const next = nextLines(args, folder, result);
  const words = [
    [`${REASONS[reason]} at step ${step}`, lowest, ...before].join('; '),
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

/** Training ends after the usual number of steps if nothing is said. @throws UsageError */
function loopOf(args: Arguments) {
  const given = givenValues(loopSchema, args);
  const { steps, minutes, validateEvery = 100, validEvents = 20_000, previewEvery = 500, patience = 10 } = given;
  const end = steps ?? (minutes === undefined ? DEFAULT_STEPS : undefined);
  return { steps: end, minutes, validateEvery, validTokens: validEvents, previewEvery, patience };
}

interface Run extends Training {
  readonly folder: string;
  /** Dataset folder, or CORPUS. */
  readonly data: string;
  readonly seed: number;
  /** Bytes that training may take. */
  readonly budget: number | undefined;
  readonly augmentation: AugmentationName | undefined;
  /** Name of the encoding of the data. */
  readonly encoding: string;
  /** Where a new run starts, if not anew. */
  readonly from?: StartingPoint | undefined;
}

async function newRun(args: Arguments): Promise<Run> {
  const place = text(args, 'from');
  const from = place === undefined ? undefined : await startingPointAt(place);
  const training = trainingOf(args, from);
  const encoding = from?.checkpoint.metadata.encoding.name ?? training.definition.encodings[0];
  const folder = text(args, 'run') ?? freeFolder(`runs/${training.definition.name}`);
  const budget = bytesOf(args, 'vram');
  const { seed = 1, augment: augmentation } = givenValues(keptSchema, args);
  await new RunFolder(folder).requireEmpty();
  await requireWritable(folder);
  return { ...training, folder, data: text(args, 'data') ?? CORPUS, encoding, from, seed, budget, augmentation };
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
  const { seed, batch, microBatch, half, budget, augmentation } = training;
  const shape = { batch, length: lengthsOf(training), microBatch, half };
  const kept = { seed, augment: augmentation ?? undefined };
  const from = text(args, 'from');
  const vram = bytesOf(args, 'vram');
  const change =
    firstChange(z.object({ model: z.string() }), { model: text(args, 'model') }, { model }) ??
    firstChange(settingsSchema(definition), givenSettings(args, definition), settings) ??
    firstChange(shapeSchema(definition), givenShape(args, definition), shape) ??
    firstChange(keptSchema, givenValues(keptSchema, args), kept) ??
    (vram === undefined || vram === budget
      ? undefined
      : { option: 'vram', current: budget === null ? 'not limited' : `${budget / 1e6}MB` }) ??
    (from === undefined || basename(resolve(from)) === training.from?.name
      ? undefined
      : { option: 'from', current: training.from?.name ?? 'not set' });
  if (change !== undefined) {
    throw new UsageError(
      `--${change.option} is ${change.current} in ${folder} and cannot change; leave it out, or start a new run`,
    );
  }
  const data = text(args, 'data') ?? (await run.dataPlace());
  const optional = { budget: budget ?? undefined, augmentation: augmentation ?? undefined };
  return { folder, data, encoding: metadata.encoding.name, seed, definition, settings, shape, ...optional };
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
  return `${Math.round(100 * padding)} % of each batch is padding after short sequences; a shorter --length has less, or several, such as --length 64,128,256`;
}

function memoryTable({ parameters, predicted }: TrainingPlan): string {
  const rows = [
    ...MEMORY_CATEGORIES.map((category) => ({ memory: category, predicted: formatBytes(predicted[category]) })),
    { memory: 'total', predicted: formatBytes(totalBytes(predicted)) },
  ];
  return `${parameters} parameters\n${formatTable(rows)}`;
}
