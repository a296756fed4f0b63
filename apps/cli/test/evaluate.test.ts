import { join } from 'node:path';
import { unigram } from '@chipsmith/data';
import { openDataset } from '@chipsmith/data/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { chipsmith, expectFailure, jsonOf, scratchFolder, TINY, writeMidiFolder } from './support/cli.ts';

const folder = scratchFolder();
const midi = join(folder, 'midi');
const data = join(folder, 'data');
const run = join(folder, 'run');

beforeAll(async () => {
  await writeMidiFolder(midi, 8);
  await jsonOf(`prepare ${midi} --output ${data}`);
  await jsonOf(`train --data ${data} --run ${run} --steps 3 ${TINY}`);
});

describe('evaluate', () => {
  const FIELDS = ['loss', 'unit', 'accuracy', 'weight'];

  it('gives four figures for the model, on the data of its run or other data', async () => {
    const dataset = await openDataset(data);
    for (const split of ['train', 'valid', 'test'] as const) {
      const result = (await jsonOf(`evaluate --run ${run} --split ${split}`)) as Record<string, number>;
      expect(Object.keys(result)).toEqual(FIELDS);
      const tokens = dataset.sequences(split).reduce((sum, { length }) => sum + length - 1, 0);
      expect(result.weight).toBe(tokens);
      // After three steps it knows little more than that there are 38 classes.
      expect(Math.abs(result.loss - Math.log(38))).toBeLessThan(0.3);
      expect(await jsonOf(`evaluate --run ${run} --split ${split} --data ${data}`)).toEqual(result);
    }
  });

  it('gives the same four for counting, of --data, of the data of --run, and of the corpus', async () => {
    const dataset = await openDataset(data);
    const events = (split: 'train' | 'valid') => dataset.sequences(split);
    const ofData = await jsonOf(`evaluate --baseline unigram --data ${data}`);
    const { nll, accuracy, tokens } = unigram(events('train'), events('valid'), dataset.manifest.encoding.classes);
    expect(ofData).toEqual({ loss: nll, unit: 'nats an event', accuracy, weight: tokens });
    expect(await jsonOf(`evaluate --baseline unigram --run ${run}`)).toEqual(ofData);
    const bigram = (await jsonOf('evaluate --baseline bigram --data corpus')) as Record<string, number>;
    expect(Object.keys(bigram)).toEqual(FIELDS);
    expect(bigram.loss).toBeLessThan(
      ((await jsonOf('evaluate --baseline unigram --data corpus')) as { loss: number }).loss,
    );
  });

  it('names a split that has nothing to measure, and the data', async () => {
    const trained = join(folder, 'trained');
    await jsonOf(`prepare ${join(midi, 'train')} --output ${trained} --valid-share 0`);
    await expectFailure(
      1,
      /^The split valid of \S*trained is empty; use another/,
      `evaluate --run ${run} --data ${trained}`,
    );
    const baseline = `evaluate --data ${trained} --baseline bigram`;
    await expectFailure(1, /^The split valid of \S*trained is empty; use another/, baseline);
  });

  it('takes a temperature that is named twice once', async () => {
    const line = `evaluate --run ${run} --temperatures 0.5,0.50 --tracks 1 --bars 2`;
    const { likenesses } = (await jsonOf(line)) as { likenesses: object[] };
    expect(likenesses).toHaveLength(1);
  });

  it('compares tracks at several temperatures with the training songs', async () => {
    const line = `evaluate --run ${run} --temperatures 0.5,1 --tracks 4 --bars 2`;
    const told = (await jsonOf(line)) as {
      likenesses: { temperature: number; distance: number }[];
      songs: object;
      ranges: object;
      best: number;
    };
    expect(told.likenesses.map(({ temperature }) => temperature)).toEqual([0.5, 1]);
    const closest = told.likenesses.reduce((a, b) => (b.distance < a.distance ? b : a));
    expect(told.best).toBe(closest.temperature);
    const { stdout } = await chipsmith(line);
    expect(stdout).toMatch(/^median +songs +middle 90 % +at 0\.5 +at 1$/m);
    expect(stdout).toMatch(
      /^leaps +[\d.]+ % +[\d.]+ to [\d.]+ % +[\d.]+ %( [↑↓])? \(\d+ %\) +[\d.]+ %( [↑↓])? \(\d+ %\)$/m,
    );
    expect(Object.keys(told.ranges)).toEqual(Object.keys(told.songs));
    expect(stdout).toContain(`generate --temperature ${told.best}`);
    await expectFailure(
      2,
      /--temperatures: each must be a number from 0.01 to 100, not "x"/,
      `evaluate --run ${run} --temperatures 1,x`,
    );
  });

  it('says it in words, and what is missing', async () => {
    const { stdout } = await chipsmith(`evaluate --run ${run}`);
    expect(stdout).toMatch(/^\d\.\d{4} nats an event, \d+\.\d % accuracy, over \d+ of valid\n$/);
    await expectFailure(1, /is not a dataset/, `evaluate --run ${run} --data ${midi}`);
    await expectFailure(1, /has no checkpoint/, `evaluate --run ${midi}`);
  });
});
