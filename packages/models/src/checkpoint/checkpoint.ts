import { DataError, type Encoding, findEncoding } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { z } from 'zod';
import { ModelError, schemaError } from '../error.ts';
import { parseJson } from '../json.ts';
import type { SequenceModel } from '../model.ts';
import { configure, findModel } from '../registry.ts';
import { checkShape, MAX_STEPS, trainingSettings } from '../training/settings.ts';
import { type NamedTensor, readSafetensors, writeSafetensors } from './safetensors.ts';

const { seed, batch, length, microBatch, half, budget, augmentation } = trainingSettings;
const step = z.int().min(0).max(MAX_STEPS);

const trainingSchema = z
  .strictObject({
    seed,
    batch,
    length,
    /** Sequences at once. Checkpoints from before there were micro-batches lack this and the next two. */
    microBatch: microBatch.optional(),
    /** What is stored in 16 bits; nothing if left out. */
    half: half.optional(),
    /**
     * Segments of a micro-batch's forward pass that the backward pass computes again, by position in its trace. They are cut at no more
     * than 96 places.
     */
    recompute: z
      .array(z.strictObject({ first: z.int().min(0), end: z.int().min(1) }))
      .max(96)
      .default([])
      .refine(
        (segments) =>
          segments.every(({ first, end }, index) => first < end && first >= (segments[index - 1]?.end ?? 0)),
        'must be segments one after another',
      ),
    /** Bytes that training may take; null if nothing was said. */
    budget: budget.nullable().default(null),
    /** Random changes to the training sequences, by their name in AUGMENTATIONS; null for none. */
    augmentation: augmentation.nullable().default(null),
    /** Steps done. */
    step,
    /** Lowest validation loss so far and the step it was measured at; null before the first validation. */
    best: z.strictObject({ step, nll: z.number().min(0) }).nullable(),
    /** What counting how often each event occurs reaches on the same validation data, in nats an event; see `unigram`. */
    unigramNll: z.number().min(0).optional(),
  })
  .transform((training) => ({ ...training, microBatch: training.microBatch ?? training.batch }))
  .superRefine(checkShape);

/** Quarter notes a minute at which songs can be made from samples. */
export const tempo = z.number().min(20).max(400);

const metadataSchema = z
  .strictObject({
    format: z.literal('chipsmith-checkpoint'),
    formatVersion: z.literal(1),
    model: z.string(),
    configuration: z.record(z.string(), z.unknown()),
    /** As the encoding of this name says itself: `requireKnown`. */
    encoding: z.strictObject({
      name: z.string(),
      version: z.int(),
      classes: z.int(),
      stepsPerBar: z.int(),
    }),
    /** Of the dataset it learnt from. */
    dataFingerprint: z.string(),
    /** For each class, how many training sequences start with it: what sampling starts from. */
    firstEvents: z.array(z.int().min(0)),
    /** Median tempo of the training songs, for songs made from samples. */
    beatsPerMinute: tempo,
    training: trainingSchema,
  })
  .refine(({ firstEvents, encoding }) => firstEvents.length === encoding.classes && firstEvents.some(Boolean), {
    path: ['firstEvents'],
    message: 'must hold a count for each class, not all of them 0',
  });

/** What a checkpoint says of itself besides the numbers. */
export type CheckpointMetadata = z.infer<typeof metadataSchema>;

/** Values of the three arenas a training goes on with, slot by slot in the model's order. */
export interface TrainingState {
  readonly parameters: readonly Float32Array<ArrayBuffer>[];
  readonly firstMoment: readonly Float32Array<ArrayBuffer>[];
  readonly secondMoment: readonly Float32Array<ArrayBuffer>[];
}

export interface Checkpoint {
  readonly metadata: CheckpointMetadata;
  readonly model: SequenceModel;
  readonly state: TrainingState;
}

const SECTIONS = ['parameters', 'firstMoment', 'secondMoment'] as const;

/**
 * One safetensors file for everything: tensors `parameters/<slot>`, `firstMoment/<slot>`, `secondMoment/<slot>`, and the
 * metadata as JSON under the key `chipsmith`. One file cannot be torn apart from its description.
 */
export function encodeCheckpoint({ metadata, model, state }: Checkpoint): Uint8Array {
  const tensors = SECTIONS.flatMap((section) =>
    model.parameters.slots.map(({ name, shape }, index): NamedTensor => {
      return { name: `${section}/${name}`, shape, data: state[section][index] };
    }),
  );
  return writeSafetensors({ metadata: { chipsmith: JSON.stringify(metadata) }, tensors });
}

/**
 * Reads a checkpoint and makes its model.
 *
 * @param source names the file in errors
 * @throws ModelError if the file is damaged, is not a checkpoint of ours, or its tensors are not those of its model
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const {
    metadata: { chipsmith },
    tensors,
  } = readSafetensors(bytes, source);
  const remedy = 'use another checkpoint';
  if (chipsmith === undefined) throw new ModelError(`${source}: a safetensors file of another program; ${remedy}.`);
  const parsed = metadataSchema.safeParse(parseJson(chipsmith));
  if (!parsed.success) throw schemaError(`${source}: metadata`, parsed.error, remedy);
  const metadata = parsed.data;
  const model = modelOf(metadata, source);

  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const section = (name: (typeof SECTIONS)[number]) =>
    model.parameters.slots.map((slot) => {
      const tensor = byName.get(`${name}/${slot.name}`);
      if (tensor === undefined || tensor.shape.join() !== slot.shape.join()) {
        const found = tensor === undefined ? 'is missing' : `has shape [${tensor.shape.join(', ')}]`;
        const wanted = `[${slot.shape.join(', ')}]`;
        const needs = `${metadata.model} needs ${wanted}; ${remedy}`;
        throw new ModelError(`${source}: tensor ${name}/${slot.name} ${found}, ${needs}.`);
      }
      if (!allFinite(tensor.data)) {
        throw new ModelError(`${source}: tensor ${tensor.name} holds values that are not finite numbers; ${remedy}.`);
      }
      return tensor.data;
    });
  const [parameters, firstMoment, secondMoment] = SECTIONS.map(section);
  const strange = tensors.length - SECTIONS.length * model.parameters.slots.length;
  if (strange > 0) throw new ModelError(`${source}: has ${strange} tensors that ${metadata.model} lacks; ${remedy}.`);
  return { metadata, model, state: { parameters, firstMoment, secondMoment } };
}

/** A loop: for the hundreds of millions of values of a large model, `every` takes seconds. */
function allFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

function modelOf({ model, configuration, encoding }: CheckpointMetadata, source: string): SequenceModel {
  try {
    const definition = findModel(model);
    const { classes } = requireKnown(encoding);
    if (definition.encoding !== encoding.name) {
      throw new ModelError(
        `${model} speaks the encoding ${definition.encoding}, not ${encoding.name}; use another file.`,
      );
    }
    return definition.create(configure(definition, configuration), classes);
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof DataError)) throw error;
    throw new ModelError(`${source}: ${error.message.replace(/\.?$/, '.')}`, { cause: error });
  }
}

/**
 * The encoding that a file says its events are in.
 *
 * @throws DataError if there is none of this name and version
 * @throws ModelError if its alphabet or its bars are not those of the encoding
 */
export function requireKnown({ name, version, classes, stepsPerBar }: CheckpointMetadata['encoding']): Encoding {
  const encoding = findEncoding(name, version);
  if (classes === encoding.classes && stepsPerBar === encoding.stepsPerBar) return encoding;
  throw new ModelError(
    `encoding ${name} ${version} has ${encoding.classes} classes and ${encoding.stepsPerBar} events in a bar, not ${classes} and ${stepsPerBar}; the file was changed, use another.`,
  );
}

/** @throws ModelError if a checkpoint was trained on events of another encoding, or of another version of it */
export function requireEncoding(
  { encoding: learnt }: CheckpointMetadata,
  given: { readonly name: string; readonly version: number },
): void {
  if (learnt.name === given.name && learnt.version === given.version) return;
  const [learntIn, givenIn] = [learnt, given].map(({ name, version }) => `${name} ${version}`);
  throw new ModelError(`The model learnt events of ${learntIn}, got ${givenIn}; use data in ${learntIn}, or retrain.`);
}

/** Does something with a checkpoint's parameters on the device, and takes them off it afterwards. */
export async function withParameters<Result>(
  device: Device,
  { model, state }: Checkpoint,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    for (const [index, slot] of model.parameters.slots.entries()) device.write(slot, state.parameters[index]);
    return await work();
  } finally {
    device.release(model.parameters);
  }
}
