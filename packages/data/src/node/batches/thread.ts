import { parentPort, workerData } from 'node:worker_threads';
import { DataError } from '../../error.ts';
import type { Augment } from '../../batches/bucket.ts';
import { type LoaderSource, samplerOf, type ThreadAnswer } from '../../batches/source.ts';

/** A thread that makes batches: a number comes in, so many batches go out, step after step. */
const source: LoaderSource = workerData;
const sampler = samplerOf(source, await augmentOf(source));
let step = source.options.firstStep ?? 0;

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

/** Loads the encodings only where they are needed: that takes longer than all else here. */
async function augmentOf({ encoding: name, options }: LoaderSource): Promise<Augment | undefined> {
  const { augmentation, seed } = options;
  if (augmentation === undefined) return undefined;
  const [{ findEncoding }, { augmentEvents }] = await Promise.all([
    import('../../encodings.ts'),
    import('../../augment/augment.ts'),
  ]);
  const encoding = findEncoding(name);
  return (events, place) => augmentEvents(encoding, events, { augmentation, seed, ...place });
}
