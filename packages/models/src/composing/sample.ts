import { deriveSeed } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, requireEncoding, withParameters } from '../checkpoint/checkpoint.ts';
import { ModelError, requireIntegers, schemaError } from '../error.ts';
import type { ComposeContext, Composer, ComposingSettings, Composition, Requests, Seeded, Task } from './composer.ts';

export interface ComposeOptions
  extends Pick<
    ComposeContext,
    'encoding' | 'length' | 'bars' | 'transposition' | 'onProgress' | 'onPreparation' | 'signal'
  > {
  /** What the model's composer can set, such as `temperature`; its defaults where left out. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

export interface SampleOptions extends ComposeOptions {
  /** Sequences to draw. */
  readonly count: number;
  /** Number of the first one, 0 if left out: to draw more of the same series. */
  readonly first?: number | undefined;
  readonly seed: number;
  /** Events that every sequence starts with; without them something new. */
  readonly primer?: readonly number[] | undefined;
}

/**
 * Draws sequences from a checkpoint's model, side by side. Sequence n depends on (seed, n) only, not on how many are
 * drawn.
 *
 * @throws ModelError if an option is out of its range, the encoding is not the model's, or the primer is too long or
 *   breaks the encoding's grammar
 * @throws the signal's reason once it is aborted
 */
export async function sample(device: Device, checkpoint: Checkpoint, options: SampleOptions): Promise<Composition[]> {
  const { count, first = 0, seed, primer } = options;
  requireIntegers('Sampling', 0, { first });
  requireIntegers('Sampling', 1, { count });
  requireIntegers('Sampling', Number.MIN_SAFE_INTEGER, { seed });
  const seeds = seedsOf(seed, count, first);
  if (primer === undefined) return compose(device, checkpoint, 'sample', seeds, options);
  const requests = seeds.map((each) => ({ ...each, primer }));
  return compose(device, checkpoint, 'continue', requests, options);
}

/** What decides sequences of the same series. @param first number of the first one */
export function seedsOf(seed: number, count: number, first = 0): Seeded[] {
  return Array.from({ length: count }, (_, index) => ({ seed: deriveSeed(seed, first + index) }));
}

/**
 * Asks a checkpoint's model for something, as often as there are requests.
 *
 * @throws ModelError if the model cannot do that, a setting is out of its range, or a request cannot be met
 * @throws the signal's reason once it is aborted
 */
export function compose<Asked extends Task>(
  device: Device,
  checkpoint: Checkpoint,
  task: Asked,
  requests: readonly (Requests[Asked] & Seeded)[],
  options: ComposeOptions,
): Promise<Composition[]> {
  return withParameters(device, checkpoint, () => composeOnDevice(device, checkpoint, task, requests, options));
}

/** As `compose`, for a model whose parameters are on the device already, as they are while it is trained. */
export async function composeOnDevice<Asked extends Task>(
  device: Device,
  checkpoint: Pick<Checkpoint, 'model' | 'metadata'>,
  task: Asked,
  requests: readonly (Requests[Asked] & Seeded)[],
  { settings = {}, length, ...context }: ComposeOptions,
): Promise<Composition[]> {
  const { metadata } = checkpoint;
  requireIntegers('Composing', 2, { length });
  const { bars } = context;
  if (bars !== undefined && !(bars > 0 && bars < Number.POSITIVE_INFINITY)) {
    throw new ModelError(`Composing: bars is ${bars}; give a number above 0.`);
  }
  requireEncoding(metadata, context.encoding);
  const composer = composerOf(checkpoint, task);
  const complete = composingSettings(checkpoint, task, settings);
  const { firstEvents, facts } = metadata;
  return composer.compose(requests, complete, { ...context, device, length, firstEvents, facts });
}

/**
 * Settings of a task with the model's defaults filled in.
 *
 * @throws ModelError if the model cannot do that, or a setting is out of its range
 */
export function composingSettings(
  checkpoint: Pick<Checkpoint, 'model' | 'metadata'>,
  task: Task,
  settings: Readonly<Record<string, unknown>>,
): ComposingSettings {
  const parsed = composerOf(checkpoint, task).settings.safeParse(settings);
  if (parsed.success) return parsed.data as ComposingSettings;
  throw schemaError('Composing', parsed.error, 'correct it, or leave it out for the default');
}

function composerOf<Asked extends Task>(
  { model: { composers }, metadata }: Pick<Checkpoint, 'model' | 'metadata'>,
  task: Asked,
): Composer<Requests[Asked]> {
  const composer: Composer<Requests[Asked]> | undefined = composers[task];
  if (composer !== undefined) return composer;
  throw new ModelError(`${metadata.model} cannot ${task}; it can ${Object.keys(composers).join(', ')}.`);
}
