import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
    expect(table.split('\n').filter((row) => row.startsWith('| '))).toHaveLength(4);
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
