import { join } from 'node:path';
import { FILTER_PROFILES, type FilterName } from '@chipsmith/apu';
import { parseJson } from '@chipsmith/data';
import { readInputFile } from '@chipsmith/data/node';
import { z } from 'zod';
import { CommandError } from './terminal/errors.ts';

/** What is not a number, such as the surprise of a track without events, is null in JSON. */
const figure = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

/** By name, without the dashes. */
const typedOptions = z.record(z.string(), z.union([z.string(), z.boolean()]));
export type TypedOptions = z.output<typeof typedOptions>;

/** What else a model can do with a track, and the options that fit: `generate --primer` and `vary`. */
const furtherOptions = z.object({ continue: typedOptions.optional(), vary: typedOptions.optional() });
export type FurtherOptions = z.output<typeof furtherOptions>;

/** The .json file beside a track: all that made it. */
const sidecarSchema = z.object({
  name: z.string(),
  title: z.string(),
  seed: z.int().min(0),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  scores: z.record(z.string(), figure),
  /** Where the figures of the training songs lie; tracks made without them at hand have none. */
  ranges: z.record(z.string(), z.tuple([figure, figure]).readonly()).optional(),
  sound: z.object({
    sampleRate: z.int().min(8000).max(192_000),
    filter: z.enum(Object.keys(FILTER_PROFILES) as [FilterName, ...FilterName[]]),
  }),
  /** The words before the options of the command that makes more such tracks; earlier versions had but one. */
  command: z.array(z.string()).readonly().default(['generate']),
  /** Its options: all that were given, but for seed and output. */
  options: typedOptions,
  /** Earlier versions did not say. */
  further: furtherOptions.default({}),
  events: z.array(z.int().min(0)).readonly(),
});

export type Sidecar = z.output<typeof sidecarSchema>;

/** Far above the .json file of the longest track (1,000 bars of 16 events). */
const MAX_BYTES = 16 * 2 ** 20;

/** @throws DataError if the file cannot be read; CommandError if it is not the .json file of a track */
export async function readSidecar(folder: string, name: string): Promise<Sidecar> {
  const path = join(folder, `${name}.json`);
  const sidecar = sidecarSchema.safeParse(parseJson((await readInputFile(path, MAX_BYTES)).toString()));
  if (sidecar.success) return sidecar.data;
  throw new CommandError(`${path}: is not the description of a track of this version; generate the track again.`);
}
