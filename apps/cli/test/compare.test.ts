import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { embeddedCorpus } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { comparisonTables, composingFigures } from '../src/comparison.ts';
import { expectFailure, filesOf, jsonOf, scratchFolder, writeMidiFolder } from './support/cli.ts';

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
    expect(html).toContain('<h1>2 tracks by each of 2 models</h1>');
    expect(html).toMatch(/<h2>Training<\/h2>\n<div class="table"><table>/);
    expect(html).toMatch(/<h2>Tracks after learning melody of the embedded tunes<\/h2>\n<div class="table"><table>/);
    for (const { model } of results) expect(html).toContain(`<td>${model}</td>`);
    // A class such as "bars" would take the cell out of the table.
    expect(html).toContain('<td>bars again</td>');
    const table = await readFile(markdown, 'utf8');
    expect(table).toContain('pnpm chipsmith compare --models basic-rnn,lookback-rnn');
    expect(table).toMatch(/^\| basic-rnn +\| +\d+ \| +\d+ \| [\d.]+ +\| nats an event +\| [\d.]+ +\| [\d.]+ +\|/m);
    expect(table).toContain('## Tracks after learning melody of the embedded tunes');
    expect(table).toMatch(/^\| leaps +\| [\d.]+ % +\| [\d.]+ to [\d.]+ % +\| [\d.]+ %.* \(\d+ %\) +\|/m);
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

  it('trains nothing where it could not end well', async () => {
    const midi = join(folder, 'midi');
    const data = join(folder, 'data');
    const unmeasured = join(folder, 'unmeasured');
    await writeMidiFolder(midi, 4);
    await jsonOf(`prepare ${midi} --output ${data}`);
    await jsonOf(`prepare ${join(midi, 'train')} --output ${unmeasured} --valid-share 0`);
    const before = await filesOf(folder);
    const line = `compare ${SMALL} --models basic-rnn --output ${join(folder, 'never')}`;
    await expectFailure(
      1,
      /unmeasured: no song of its split valid is of use to basic-rnn; /,
      `${line} --data ${unmeasured}`,
    );
    await expectFailure(2, /data and \S*unmeasured are all in melody; /, `${line} --data ${data},${unmeasured}`);
    await jsonOf(`prepare ${midi} --output ${join(folder, 'events')} --encoding nes-events`);
    await expectFailure(2, /--data: none of --models learns .*events; see/, `${line} --data corpus,${folder}/events`);
    await rm(join(folder, 'events'), { recursive: true });
    await expectFailure(1, /midi: is a folder; name a file/, `${line} --markdown ${midi}`);
    await expectFailure(
      1,
      /missing\/x\.md: there is no such file or folder/,
      `${line} --markdown ${folder}/missing/x.md`,
    );
    await mkdir(join(folder, 'used/runs/lookback-rnn/checkpoints'), { recursive: true });
    await expectFailure(
      1,
      /used: holds runs\/lookback-rnn already; choose another --output folder/,
      `compare ${SMALL} --models basic-rnn,lookback-rnn --output ${join(folder, 'used')}`,
    );
    await rm(join(folder, 'used'), { recursive: true });
    expect(await filesOf(folder)).toEqual(before);
  });

  it('has a column for a model that made nothing of use', () => {
    const songs = embeddedCorpus().slice(0, 5);
    const training = { model: 'basic-rnn', parameters: 1, step: 1, loss: 2, lossUnit: 'nats an event', measures: {} };
    const figures = {
      ...training,
      baselines: {},
      tokensPerSecond: 1,
      units: 'events',
      predictedBytes: 1,
      measuredBytes: 1,
    };
    const composing = composingFigures([], songs, ['pulse1']);
    const [{ rows }, music] = comparisonTables([{ ...figures, ...composing, data: 'melody', tracks: 0 }]);
    expect(rows[0]).toMatchObject({
      'valid loss': '2.000',
      'bars again': expect.stringMatching(/^none \([\d.]+ %\)$/),
    });
    expect(music.rows.map((row) => row['basic-rnn'])).toEqual(music.rows.map(() => 'none'));
    const [, both] = comparisonTables([0, 3].map((tracks) => ({ ...figures, ...composing, data: 'melody', tracks })));
    expect(both.notes).toMatch(/^Medians of the songs and of 3 tracks by each model/);
  });

  it.each([
    ['an unknown model', '--models basic-rn', 2, /--models: each must be basic-rnn or .*; did you mean basic-rnn\?/],
    ['a setting out of range', '--dropout 2', 2, /--dropout must be a number from 0 to 0\.95, not "2"/],
    ['a setting that none has', '--models basic-rnn --channels 2', 2, /--channels is a setting of none .*: basic-rnn$/],
    ['sizes above all limits', '--models basic-rnn --batch 65536 --length 16384', 2, /is more than 16777216 events/],
    ['a model named twice', '--models basic-rnn,basic-rnn', 2, /--models names basic-rnn twice/],
    ['data named twice', '--data corpus,corpus', 2, /--data names corpus twice/],
    ['data without a name', '--data corpus,', 2, /--data: there is nothing before or after one of the commas/],
    ['data that is none', `--data ${folder}`, 1, /is not a dataset/],
  ])('refuses %s in one line', async (_, options, code, message) => {
    await expectFailure(code, message, `compare ${SMALL} ${options} --output ${join(folder, 'none')}`);
    expect(await readdir(folder)).not.toContain('none');
  });
});
