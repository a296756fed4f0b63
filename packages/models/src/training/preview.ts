import { type Device, KernelError } from '@chipsmith/kernels';
import { type Checkpoint, requireKnown } from '../checkpoint/checkpoint.ts';
import type { Composition } from '../composing/composer.ts';
import { composeOnDevice, seedsOf } from '../composing/sample.ts';

/** Music that a model makes while it is trained, to hear how far it is. */
export interface PreviewOptions {
  /** Steps between two previews. */
  readonly every: number;
  /**
   * Sequences of each. The run's seed decides all that is random about them, so that they differ by what was learnt.
   */
  readonly count: number;
  /** Events of each sequence, at least 2. */
  readonly length: number;
  /** Given what was made, or why nothing was. Training goes on when it is done. */
  onPreview(preview: Preview): Promise<void>;
}

export type Preview = {
  readonly step: number;
  /** Of the training songs, for songs made of the sequences. */
  readonly beatsPerMinute: number;
} & PreviewResult;

/** Nothing is made where training has taken the memory or needs the time. */
type PreviewResult =
  | { readonly compositions: readonly Composition[]; readonly lack?: undefined }
  | { readonly lack: 'memory' | 'time' };

interface Room {
  /** That may be allocated on the device, all that is there included. */
  readonly bytes: number;
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** The longest that a timer can wait: 24.8 days. */
const LONGEST_MILLISECONDS = 2 ** 31 - 1;

/**
 * Samples of a model whose parameters are on the device. Its program is made for the purpose and taken off again.
 *
 * @returns undefined if the signal is aborted
 * @throws ModelError if a setting of sampling is out of its range
 * @throws KernelError from the device
 */
export async function compositionsWithin(
  device: Device,
  checkpoint: Pick<Checkpoint, 'model' | 'metadata'>,
  { count, length, seed, bytes, seconds, signal }: Omit<PreviewOptions, 'every'> & Room & { readonly seed: number },
): Promise<PreviewResult | undefined> {
  const timeout = AbortSignal.timeout(Math.min(Math.floor(1000 * seconds), LONGEST_MILLISECONDS));
  const encoding = requireKnown(checkpoint.metadata.encoding);
  const options = { encoding, length, signal: AbortSignal.any(signal ? [signal, timeout] : [timeout]) };
  try {
    const compositions = await device.within(bytes, () =>
      composeOnDevice(device, checkpoint, 'sample', seedsOf(seed, count), options),
    );
    return { compositions };
  } catch (error) {
    if (error instanceof KernelError && error.code === 'out-of-memory') return { lack: 'memory' };
    if (signal?.aborted) return undefined;
    if (timeout.aborted) return { lack: 'time' };
    throw error;
  }
}
