import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { arrange, datasetFromSongs, embeddedTunes, polyphonyEncoding } from '@chipsmith/data';
import { openDataset, writeDataset } from '@chipsmith/data/node';
import { type BatchesOptions, type BatchSource, configure, findModel } from '@chipsmith/models';
import { threadedBatches } from '@chipsmith/models/node';
import type { Waiting } from '../report/results.ts';

export const WAITING = 'data waiting of training steps';

const SHAPE = { batch: 64, length: 64, seed: 1, augmentation: null } as const;
/** Arrangements of each tune: 980 songs, two pools. */
const ARRANGEMENTS = 10;

/** What sees the batches. */
const MODEL = { model: 'polyphony-rnn', settings: configure(findModel('polyphony-rnn'), {}) };

interface Case {
  readonly name: string;
  /** Bytes of a shard that are kept in memory. */
  readonly keptInMemory: number;
  readonly options: BatchesOptions;
}

const CASES: readonly Case[] = [
  { name: 'in memory', keptInMemory: Number.POSITIVE_INFINITY, options: SHAPE },
  { name: 'on disk', keptInMemory: 0, options: SHAPE },
  { name: 'on disk, augmented', keptInMemory: 0, options: { ...SHAPE, augmentation: 'lakhnes' } },
];

/**
 * How long training waits for its batches: steps that take a set time on a device, during which the processor is free,
 * over the polyphony of arrangements of the embedded tunes.
 *
 * @param steps of each length
 */
export async function measureWaiting(steps: number, onResult: (waiting: Waiting) => void): Promise<Waiting[]> {
  const folder = await mkdtemp(join(tmpdir(), 'chipsmith-bench-'));
  const results: Waiting[] = [];
  try {
    const tunes = embeddedTunes();
    const songs = tunes.flatMap((tune) => Array.from({ length: ARRANGEMENTS }, (_, seed) => arrange(tune, { seed })));
    await writeDataset(datasetFromSongs(songs, polyphonyEncoding), join(folder, 'data'));
    for (const { name, keptInMemory, options } of CASES) {
      const dataset = await openDataset(join(folder, 'data'), keptInMemory);
      for (const stepMilliseconds of [10, 50]) {
        const result = {
          name,
          stepMilliseconds,
          steps,
          ...(await waitOf(threadedBatches({ dataset, ...MODEL, options, step: 0 }), stepMilliseconds, steps)),
        };
        results.push(result);
        onResult(result);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return results;
}

/** The first batch is there before training begins: kernels take longer to get ready. */
async function waitOf(batches: BatchSource, stepMilliseconds: number, steps: number) {
  try {
    await batches.next();
    const [start, waitedBefore] = [performance.now(), batches.secondsWaited];
    for (let step = 0; step < steps; step++) {
      await batches.next();
      await sleep(stepMilliseconds);
    }
    const waited = batches.secondsWaited - waitedBefore;
    return { waitedShare: waited / ((performance.now() - start) / 1000), millisecondsWaited: (1000 * waited) / steps };
  } finally {
    await batches.close();
  }
}
