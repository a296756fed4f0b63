import { parentPort, workerData } from 'node:worker_threads';
import type { EventSequence } from '../../dataset/dataset.ts';
import { EventsInMemory } from '../../dataset/shard.ts';
import { DataError } from '../../error.ts';
import type { Augment } from '../../learning/batches/bucket.ts';
import { BatchSampler } from '../../learning/batches/sampler.ts';
import { EventFile } from '../dataset/event-file.ts';
import type { LoaderSource, ThreadAnswer } from './loader.ts';

/** A thread that makes batches: a number comes in, so many batches go out, step after step. */
const source: LoaderSource = workerData;
const { options } = source;
const sampler = new BatchSampler(sequencesOf(source), { ...options, augment: await augmentOf(source) });
let step = options.firstStep ?? 0;

parentPort?.on('message', (count: number) => {
  try {
    for (let made = 0; made < count; made++) {
      const batch = sampler.at(step++);
      const answer: ThreadAnswer = { batch };
      parentPort?.postMessage(answer, [batch.inputs.buffer, batch.targets.buffer, batch.mask.buffer]);
    }
  } catch (error) {
    // Between threads an error loses its class.
    if (!(error instanceof DataError)) throw error;
    const answer: ThreadAnswer = { refusal: [error.where, error.problem, error.remedy] };
    parentPort?.postMessage(answer);
  }
});

function sequencesOf({ events, starts, lengths, bars }: LoaderSource): EventSequence[] {
  const store = events instanceof Uint16Array ? new EventsInMemory(events) : new EventFile(events);
  return Array.from(starts, (start, index): EventSequence => {
    const length = lengths[index];
    return { length, bar: bars[index] || undefined, read: () => store.read(start, length) };
  });
}

/** Loads the encodings only where they are needed: that takes longer than all else here. */
async function augmentOf({ encoding, options: { augmentation, seed } }: LoaderSource): Promise<Augment | undefined> {
  if (augmentation === undefined) return undefined;
  const [{ findEncoding }, { augmenter }] = await Promise.all([
    import('../../encodings/encodings.ts'),
    import('../../learning/augment/augment.ts'),
  ]);
  return augmenter(findEncoding(encoding), augmentation, seed);
}
