import { AUGMENTATION_NAMES } from '@chipsmith/data';
import { z } from 'zod';
import { ModelError, schemaError } from '../error.ts';

/**
 * What can be stored in 16 bits: values kept for the backward pass, the copy of the weights that kernels read, or both.
 */
export const HALF_STORAGE = ['activations', 'weights', 'both'] as const;
export type HalfStorage = (typeof HALF_STORAGE)[number];

/**
 * Parts of a batch that run one after another: planning 64 takes seconds, and their launches and uniforms take over.
 */
export const MAX_PARTS = 64;

/** Events of a batch: with the 38 classes of melodies their scores alone take 2.5 GB. */
const MAX_BATCH_EVENTS = 2 ** 24;

/**
 * Of a model whose training fits into 2.8 GB and whatever its activations take: a value has 4 bytes, its gradient and
 * moments 12.
 */
export const MAX_PARAMETERS = 178_000_000;

/** As many in a checkpoint: each parameter with Adam's two moments, which at 4 bytes are just below 2 GiB. */
export const MAX_CHECKPOINT_VALUES = 3 * MAX_PARAMETERS;

/** Steps of a run: half a year at 60 a second. */
export const MAX_STEPS = 1e9;

/** Sequences side by side: with more, 256 events of each are above MAX_BATCH_EVENTS. */
const sequences = z
  .int()
  .min(1)
  .max(2 ** 16);

/** An LSTM has launches for each event: planning 16,384 of one layer takes a second, and 16 layers are allowed. */
const length = z
  .int()
  .min(1)
  .max(2 ** 14);

/**
 * Every number that a training takes, with the limits that hold at each door: the command line, the library, and what
 * checkpoints say of the run they belong to.
 */
export const trainingSettings = {
  batch: sequences.describe('sequences side by side in a training step'),
  length: length.describe('events of each sequence in a training step'),
  /** Each has a program of its own, which is to be planned and compiled. */
  lengths: z
    .array(length)
    .min(1)
    .max(8)
    .readonly()
    .describe(
      'events of each sequence in a training step; of several, such as 64,128,256, each gets the shortest that holds it',
    ),
  microBatch: sequences.describe(
    `sequences at once, a divisor of the batch that makes at most ${MAX_PARTS} parts: less memory, same results but for rounding (default all)`,
  ),
  half: z
    .enum(HALF_STORAGE)
    .describe('store these in 16 bits, on devices that can (shader-f16); arithmetic stays in 32'),
  /** Random numbers on the device start from 32 bits. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .describe('decides starting values, order and dropout (default 1)'),
  /** Bytes. */
  budget: z.int().min(1),
  augmentation: z.enum(AUGMENTATION_NAMES),
  steps: z.int().min(1).max(MAX_STEPS).describe('training steps, those before a resume included (default 1000)'),
  /** A second at least, since a step and a checkpoint must fit; a year at most. */
  minutes: z
    .number()
    .min(1 / 60)
    .max(525_600)
    .describe('stop after so many minutes, with a validation and a checkpoint; with --steps, whichever comes first'),
  validateEvery: z.int().min(1).max(MAX_STEPS).describe('validate and save a checkpoint (default 100)'),
  /** Events of the valid split that a validation looks at; 0 for none. */
  validTokens: z.int().min(0).max(1e9).describe('events that a validation looks at (default 20000)'),
  /** Steps between two previews; 0 for none. */
  previewEvery: z
    .int()
    .min(0)
    .max(MAX_STEPS)
    .describe('make a few short pieces to hear how far it is, see watch; 0 for none (default 500)'),
  patience: z.int().min(0).max(MAX_STEPS).describe('stop after n validations without progress; 0 never (default 10)'),
} as const;

const { batch, lengths, microBatch, half, seed, budget, augmentation } = trainingSettings;
const { steps, minutes, validateEvery, validTokens, previewEvery, patience } = trainingSettings;

interface Shape {
  readonly batch: number;
  readonly length: number | readonly number[];
  readonly microBatch?: number | undefined;
}

/** One length, or several. */
export const lengthOrLengths = z.union([length, lengths]);

/** Lengths in rising order, each once. */
export function lengthsOf({ length }: Pick<Shape, 'length'>): readonly [number, ...number[]] {
  const [first, ...others] = typeof length === 'number' ? [length] : [...new Set(length)].sort((a, b) => a - b);
  return [first, ...others];
}

/** The length that takes most memory, and into whose windows longer sequences are cut. */
export function longestOf(shape: Pick<Shape, 'length'>): number {
  return Math.max(...lengthsOf(shape));
}

/** Adds an issue for the first thing that does not go together. Sizes themselves are within their limits. */
export function checkShape({ batch, length: given, microBatch = batch }: Shape, context: z.RefinementCtx): void {
  const length = longestOf({ length: given });
  const refuse = (message: string) => context.addIssue({ code: 'custom', message });
  if (batch * length > MAX_BATCH_EVENTS) {
    refuse(`batch ${batch} times length ${length} is more than ${MAX_BATCH_EVENTS} events`);
  } else if (batch % microBatch !== 0) {
    refuse(`micro-batch ${microBatch} does not divide batch ${batch}`);
  } else if (batch / microBatch > MAX_PARTS) {
    refuse(`micro-batch ${microBatch} cuts batch ${batch} into ${batch / microBatch} parts, ${MAX_PARTS} are allowed`);
  }
}

const shapeFields = { batch, length: lengthOrLengths, microBatch: microBatch.optional(), half: half.optional() };
const shapeSchema = z.object(shapeFields).superRefine(checkShape);

const optionsSchema = z
  .object({
    ...shapeFields,
    seed,
    budget: budget.optional(),
    augmentation: augmentation.optional(),
    steps: steps.optional(),
    minutes: minutes.optional(),
    validateEvery,
    validTokens,
    patience,
    preview: z.object({ every: previewEvery.min(1), count: z.int().min(1), length: z.int().min(2) }).optional(),
  })
  .superRefine(checkShape);

/** @throws ModelError naming the first size that is outside its limits or does not go with the others */
export function requireShape(shape: z.input<typeof shapeSchema>): void {
  validate(shapeSchema, shape);
}

/** @throws ModelError naming the first setting that is outside its limits, or if neither steps nor minutes are given */
export function requireTrainingOptions(options: z.input<typeof optionsSchema>): void {
  validate(optionsSchema, options);
  if (options.steps === undefined && options.minutes === undefined) {
    throw new ModelError('Training: neither steps nor minutes are given; say how long to train.');
  }
}

function validate<Settings>(schema: z.ZodType<unknown, Settings>, settings: Settings): void {
  const result = schema.safeParse(settings);
  if (!result.success) throw schemaError('Training', result.error, 'choose another value');
}
