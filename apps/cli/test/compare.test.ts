import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddedCorpus } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { comparisonTables, composingFigures } from '../src/comparison.ts';
import { expectFailure, jsonOf, scratchFolder } from './support/cli.ts';

const folder = scratchFolder();
const SMALL = '--minutes 0.02 --batch 4 --length 16 --layers 8 --tracks 2 --bars 2';

describe('compare', () => {
  it('trains each model that it names, and puts figures and tracks of all on one page', async () => {
    const output = join(folder, 'both');
    const markdown = join(folder, 'models.md');
    const line = `compare --models basic-rnn,lookback-rnn ${SMALL} --output ${output} --markdown ${markdown}`;
    const { results, page } = (await jsonOf(line)) as {
      results: { model: string; step: number; predictedBytes: number; measuredBytes: number; baselines: object }[];
      page: string;
    };
    expect(results.map(({ model }) => model)).toEqual(['basic-rnn', 'lookback-rnn']);
    for (const { step, predictedBytes, measuredBytes, baselines } of results) {
      expect(step).toBeGreaterThan(0);
      expect(measuredBytes).toBe(predictedBytes);
      expect(Object.keys(baselines)).toEqual(['unigram', 'bigram']);
    }
    const tracks = (await readdir(join(output, 'tracks'))).filter((name) => name.endsWith('.vgm'));
    expect(tracks.sort()).toEqual(
      [1, 2].flatMap((n) => [`track-basic-rnn-0${n}.vgm`, `track-lookback-rnn-0${n}.vgm`]).sort(),
    );
    const html = await readFile(page, 'utf8');
    expect(html).toContain('<table>');
    for (const { model } of results) expect(html).toContain(model);
    const table = await readFile(markdown, 'utf8');
    expect(table).toContain('pnpm chipsmith compare --models basic-rnn,lookback-rnn');
    expect(table).toMatch(/^\| basic-rnn \| [\d]+ \| [\d]+ \| [\d.]+ \| nats an event \| [\d.]+ \| [\d.]+ \|/m);
    expect(table).toContain('## Tracks after learning melody of the embedded tunes');
    expect(table).toMatch(/^\| leaps \| [\d.]+ % \| [\d.]+ to [\d.]+ % \| [\d.]+ %.* \([\d]+ %\) \|/m);
  });

  it('trains models for the same steps, each on the data that it learns', async () => {
    const output = join(folder, 'steps');
    const line = `compare --models mono-rnn,performance-rnn ${SMALL} --steps 2 --output ${output}`;
    const { results } = (await jsonOf(line)) as { results: { step: number; data: string }[] };
    expect(results.map(({ step, data }) => [step, data])).toEqual([
      [2, 'mono of the embedded tunes'],
      [2, 'performance of the embedded tunes'],
    ]);
  });

  it('has a column for a model that made nothing of use', () => {
    const songs = embeddedCorpus().slice(0, 5);
    const training = { model: 'basic-rnn', parameters: 1, step: 1, loss: 2, lossUnit: 'nats an event', measures: {} };
    const figures = { ...training, baselines: {}, tokensPerSecond: 1, predictedBytes: 1, measuredBytes: 1 };
    const composing = composingFigures([], songs, ['pulse1']);
    const [{ rows }, music] = comparisonTables([{ ...figures, ...composing, data: 'melody', tracks: 0 }]);
    expect(rows[0]).toMatchObject({
      'valid loss': '2.000',
      'bars again': expect.stringMatching(/^none \([\d.]+ %\)$/),
    });
    expect(music.rows.map((row) => row['basic-rnn'])).toEqual(music.rows.map(() => 'none'));
  });

  it.each([
    ['an unknown model', '--models basic-rn', 2, /--models: each must be basic-rnn or .*; did you mean basic-rnn\?/],
    ['a setting out of range', '--dropout 2', 2, /--dropout must be a number from 0 to 0\.95, not "2"/],
    ['a setting that none has', '--models basic-rnn --channels 2', 2, /--channels is a setting of none .*: basic-rnn$/],
    ['sizes above all limits', '--models basic-rnn --batch 65536 --length 16384', 2, /is more than 16777216 events/],
    ['data that is none', `--data ${folder}`, 1, /is not a dataset/],
  ])('refuses %s in one line', async (_, options, code, message) => {
    await expectFailure(code, message, `compare ${SMALL} ${options} --output ${join(folder, 'none')}`);
    expect(await readdir(folder)).not.toContain('none');
  });
});
