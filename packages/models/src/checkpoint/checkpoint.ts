import { DataError, type Encoding, findEncoding, parseJson } from '@chipsmith/data';
import type { Arena, Device, Optimiser, Shape } from '@chipsmith/kernels';
import { z } from 'zod';
import { ModelError, schemaError } from '../error.ts';
import type { Model, ModelDefinition, ModelSettings } from '../model.ts';
import { configure, findModel } from '../registry.ts';
import { optimiserOf } from '../training/optimiser.ts';
import { checkShape, lengthOrLengths, MAX_STEPS, trainingSettings } from '../training/settings.ts';
import { type ArenaValues, writeArena } from './arena-values.ts';
import { type NamedTensor, readSafetensors, writeSafetensors } from './safetensors.ts';

const { seed, batch, microBatch, half, budget, augmentation } = trainingSettings;
const step = z.int().min(0).max(MAX_STEPS);

const trainingSchema = z
  .strictObject({
    seed,
    batch,
    /** Several in rising order, where sequences are batched by their length. */
    length: lengthOrLengths,
    /** Sequences at once. */
    microBatch,
    /** What is stored in 16 bits; nothing if left out. */
    half: half.optional(),
    /**
     * Segments of a micro-batch's forward pass that the backward pass computes again, by position in its trace. They
     * are cut at no more than 96 places.
     */
    recompute: z
      .array(z.strictObject({ first: z.int().min(0), end: z.int().min(1) }))
      .max(96)
      .refine(
        (segments) =>
          segments.every(({ first, end }, index) => first < end && first >= (segments[index - 1]?.end ?? 0)),
        'must be segments one after another',
      ),
    /** Bytes that training may take; null if nothing was said. */
    budget: budget.nullable(),
    /** Random changes to the training sequences, by their name in AUGMENTATIONS; null for none. */
    augmentation: augmentation.nullable(),
    /** Steps done. */
    step,
    /** Lowest validation loss so far and the step it was measured at; null before the first validation. */
    best: z.strictObject({ step, loss: z.number() }).nullable(),
    /** What the first of the model's baselines reaches on the same validation data; null where there is none. */
    baseline: z.number().nullable(),
    /** The checkpoint of another run that it started from; left out for one that started anew. */
    from: z
      .strictObject({
        name: z.string(),
        /** Of the other run, and the data it had learnt by then. */
        step,
        dataFingerprint: z.string(),
        /** Validation loss before the first step, on the data of this run; null where there was no validation. */
        loss: z.number().nullable(),
      })
      .optional(),
  })
  .superRefine(checkShape);

/** Quarter notes a minute at which songs can be made from samples. */
export const tempo = z.number().min(20).max(400);

const metadataSchema = z
  .strictObject({
    format: z.literal('chipsmith-checkpoint'),
    formatVersion: z.literal(2),
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
    /** Other numbers about the training data, as the model's examples give them. */
    facts: z.record(z.string(), z.number()),
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

/** Values of the arenas that a training goes on with, by the names of their sections. */
export type TrainingState = Readonly<Record<string, ArenaValues>>;

export interface Checkpoint {
  readonly metadata: CheckpointMetadata;
  /** With its defaults filled in. */
  readonly settings: ModelSettings;
  readonly model: Model;
  readonly state: TrainingState;
}

/**
 * The arenas that a checkpoint holds, by the names of their sections: parameters, what the optimiser keeps, and
 * statistics.
 */
export function sectionsOf({ statistics }: Model, { arenas }: Optimiser): Readonly<Record<string, Arena>> {
  return { ...arenas, ...(statistics && { statistics }) };
}

/**
 * One safetensors file for everything: a tensor `<section>/<slot>` for each slot of each section, and the metadata as
 * JSON under the key `chipsmith`. One file cannot be torn apart from its description.
 */
export function encodeCheckpoint({ metadata, settings, model, state }: Checkpoint): Uint8Array {
  const sections = Object.entries(sectionsOf(model, optimiserOf(settings.optimiser, model.parameters)));
  const tensors = sections.flatMap(([section, { slots }]) =>
    slots.map(({ name, shape }, index): NamedTensor => {
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
  const { model, settings } = modelOf(metadata, source);

  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const valuesOf = (name: string, shape: Shape) => {
    const tensor = byName.get(name);
    if (tensor === undefined || tensor.shape.join() !== shape.join()) {
      const found = tensor === undefined ? 'is missing' : `has shape [${tensor.shape.join(', ')}]`;
      const needs = `${metadata.model} needs [${shape.join(', ')}]; ${remedy}`;
      throw new ModelError(`${source}: tensor ${name} ${found}, ${needs}.`);
    }
    if (!allFinite(tensor.data)) {
      throw new ModelError(`${source}: tensor ${name} holds values that are not finite numbers; ${remedy}.`);
    }
    return tensor.data;
  };
  const sections = sectionsOf(model, optimiserOf(settings.optimiser, model.parameters));
  const state = Object.fromEntries(
    Object.entries(sections).map(([section, { slots }]) => {
      return [section, slots.map(({ name, shape }) => valuesOf(`${section}/${name}`, shape))];
    }),
  );
  const unknown = tensors.length - Object.values(state).reduce((sum, { length }) => sum + length, 0);
  if (unknown > 0) throw new ModelError(`${source}: has ${unknown} tensors that ${metadata.model} lacks; ${remedy}.`);
  return { metadata, settings, model, state };
}

/** A loop: for the hundreds of millions of values of a large model, `every` takes seconds. */
function allFinite(values: Float32Array): boolean {
  for (let index = 0; index < values.length; index++) if (!Number.isFinite(values[index])) return false;
  return true;
}

function modelOf({ model, configuration, encoding }: CheckpointMetadata, source: string) {
  try {
    const definition = findModel(model);
    const known = requireKnown(encoding);
    requireSpoken(definition, encoding.name, 'use another file');
    const settings = configure(definition, configuration);
    return { settings, model: definition.create(settings, known) };
  } catch (error) {
    if (!(error instanceof ModelError || error instanceof DataError)) throw error;
    throw new ModelError(`${source}: ${error.message.replace(/\.?$/, '.')}`, { cause: error });
  }
}

/** @throws ModelError if a model cannot learn an encoding. @param remedy what to do, without a full stop */
export function requireSpoken({ name, encodings }: ModelDefinition, encoding: string, remedy: string): void {
  if (encodings.includes(encoding)) return;
  throw new ModelError(`${name} learns ${encodings.join(' or ')}, not ${encoding}; ${remedy}.`);
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

/** Does something with what a checkpoint makes music with on the device, and takes it off afterwards. */
export async function withParameters<Result>(
  device: Device,
  { model: { parameters, statistics }, state }: Pick<Checkpoint, 'model' | 'state'>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    writeArena(device, parameters, state.average ?? state.parameters);
    if (statistics) writeArena(device, statistics, state.statistics);
    return await work();
  } finally {
    device.release(parameters);
    if (statistics) device.release(statistics);
  }
}
