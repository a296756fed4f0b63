import type { Device } from '@chipsmith/kernels';
import { z } from 'zod';
import { ModelError, schemaError } from '../error.ts';
import { parseJson } from '../files.ts';
import type { SequenceModel } from '../model.ts';
import { configure, findModel } from '../registry.ts';
import { type NamedTensor, readSafetensors, writeSafetensors } from './safetensors.ts';

const metadataSchema = z.strictObject({
  format: z.literal('chipsmith-checkpoint'),
  formatVersion: z.literal(1),
  model: z.string(),
  configuration: z.record(z.string(), z.unknown()),
  encoding: z.strictObject({
    name: z.string(),
    version: z.int(),
    classes: z.int().min(1),
    stepsPerBar: z.int().min(1),
  }),
  /** Of the dataset it learnt from. */
  dataFingerprint: z.string(),
  /** For each class, how many training sequences start with it: what sampling starts from. */
  firstEvents: z.array(z.int().min(0)),
  /** Median tempo of the training songs, for songs made from samples. */
  beatsPerMinute: z.number().gt(0),
  training: z.strictObject({
    seed: z.int(),
    batch: z.int().min(1),
    length: z.int().min(1),
    /** Steps done. */
    step: z.int().min(0),
    /** Lowest validation loss so far and the step it was measured at; null before the first validation. */
    best: z.strictObject({ step: z.int(), nll: z.number() }).nullable(),
  }),
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
 * @throws ModelError if the file is damaged, is no checkpoint of ours, or its tensors are not those of its model
 */
export function decodeCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const {
    metadata: { chipsmith },
    tensors,
  } = readSafetensors(bytes, source);
  if (chipsmith === undefined) throw new ModelError(`${source}: a safetensors file of another program.`);
  const parsed = metadataSchema.safeParse(parseJson(chipsmith));
  if (!parsed.success) throw schemaError(`${source}: metadata`, parsed.error);
  const metadata = parsed.data;
  const definition = findModel(metadata.model);
  const model = definition.create(configure(definition, metadata.configuration), metadata.encoding.classes);

  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const section = (name: (typeof SECTIONS)[number]) =>
    model.parameters.slots.map((slot) => {
      const tensor = byName.get(`${name}/${slot.name}`);
      if (tensor === undefined || tensor.shape.join() !== slot.shape.join()) {
        const found = tensor === undefined ? 'is missing' : `has shape [${tensor.shape.join(', ')}]`;
        const wanted = `[${slot.shape.join(', ')}]`;
        throw new ModelError(`${source}: tensor ${name}/${slot.name} ${found}, ${metadata.model} needs ${wanted}.`);
      }
      return Float32Array.from(tensor.data);
    });
  const [parameters, firstMoment, secondMoment] = SECTIONS.map(section);
  return { metadata, model, state: { parameters, firstMoment, secondMoment } };
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
