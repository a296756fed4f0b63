import { datasetFromSongs, embeddedCorpus, melodyEncoding } from '@chipsmith/data';
import type { Device } from '@chipsmith/kernels';
import { type Checkpoint, configure, findModel, MemoryStore, sample, train } from '@chipsmith/models';
import { BenchmarkError } from '../benchmark.ts';
import type { Composing } from '../report/results.ts';
import { median } from '../statistics.ts';

export const COMPOSING = 'composing tracks side by side';

const TRACKS = 20;
const BARS = 16;
const MODEL = 'basic-rnn';

/**
 * How long Basic RNN takes for 20 tracks of 16 bars in one batch, and for the same tracks one after another. Kernels
 * being made ready and weights going to the device, which each call begins with, do not count: the clock starts at the
 * first event.
 *
 * @param rounds of both, in turn
 */
export async function measureComposing(device: Device, rounds: number): Promise<Composing> {
  const checkpoint = await someCheckpoint(device);
  const together: number[] = [];
  const inTurn: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const batch = await timeOf(device, checkpoint, 0, TRACKS);
    together.push(batch.milliseconds);
    let milliseconds = 0;
    for (let track = 0; track < TRACKS; track++) {
      const alone = await timeOf(device, checkpoint, track, 1);
      milliseconds += alone.milliseconds;
      if (alone.events[0] === batch.events[track]) continue;
      throw new BenchmarkError(`${COMPOSING}: track ${track} is another one by itself.`);
    }
    inTurn.push(milliseconds);
  }
  return {
    name: `${MODEL}, ${TRACKS} tracks of ${BARS} bars`,
    millisecondsTogether: median(together),
    millisecondsInTurn: median(inTurn),
    timesAsFast: median(inTurn.map((milliseconds, round) => milliseconds / together[round])),
  };
}

/** From the first event that was chosen to the last, and the tracks. */
async function timeOf(device: Device, checkpoint: Checkpoint, first: number, count: number) {
  let start = Number.NaN;
  const drawn = await sample(device, checkpoint, {
    ...{ count, first, seed: 1, encoding: melodyEncoding, bars: BARS, length: BARS * melodyEncoding.stepsPerBar },
    onProgress: () => {
      if (Number.isNaN(start)) start = performance.now();
    },
  });
  return { milliseconds: performance.now() - start, events: drawn.map(({ events }) => events.join()) };
}

/** Weights after a step of training: what they are makes no difference to the time. */
async function someCheckpoint(device: Device): Promise<Checkpoint> {
  const definition = findModel(MODEL);
  const store = new MemoryStore();
  await train({
    ...{ device, definition, store, settings: configure(definition, {}), dataPlace: 'embedded corpus', resume: false },
    ...{ dataset: datasetFromSongs(embeddedCorpus().slice(0, 8), melodyEncoding, { validShare: 0 }), seed: 1 },
    ...{ batch: 4, length: 16, steps: 1, validateEvery: 1, validTokens: 100, patience: 0 },
  });
  return store.load('latest');
}
