import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetFromSongs, embeddedCorpus, monoEncoding } from '@chipsmith/data';
import { openDataset, writeDataset } from '@chipsmith/data/node';
import { describe, expect, it } from 'vitest';
import { configure, findModel, type Metrics, train } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { abortedAfter, latest, metricsOf, newRun, root } from './support/runs.ts';
import { basicRnn } from './support/tiny.ts';

describe('resume', () => {
  it('equals an uninterrupted run bit for bit, also from a step without validation and with dropout', async () => {
    const settings = configure(basicRnn, { layers: [8, 4], dropout: 0.5 });
    const whole = newRun({ settings, steps: 14, validateEvery: 4 });
    await train(whole);

    const cut = newRun({ settings, steps: 14, validateEvery: 4 });
    // Validations are at 4, 8, 12 and 14, and 10 is logged: 5, 6 and 11 are neither.
    for (const [stretch, end] of [
      [5, 5],
      [1, 6],
      [5, 11],
    ]) {
      const result = await train({ ...cut, resume: end > 5, signal: abortedAfter(stretch) });
      expect(result).toMatchObject({ reason: 'interrupted', step: end });
    }
    const result = await train({ ...cut, resume: true });
    expect(result.reason).toBe('finished');
    expect(await latest(cut.folder)).toEqual(await latest(whole.folder));
    const bytesOf = (folder: string, name: string) => readFile(join(folder, 'checkpoints', `${name}.safetensors`));
    for (const name of ['latest', 'best'])
      expect(await bytesOf(cut.folder, name)).toEqual(await bytesOf(whole.folder, name));
    const validations = (metrics: Metrics[]) =>
      metrics.flatMap(({ step, valid }) => (valid ? [[step, valid.loss]] : []));
    expect(validations(await metricsOf(cut.folder))).toEqual(validations(await metricsOf(whole.folder)));
  });

  it('equals an uninterrupted run where sequences are on disk and changed at random', async () => {
    const folder = join(root, 'data on disk');
    await writeDataset(datasetFromSongs(embeddedCorpus().slice(0, 8), monoEncoding), folder);
    const dataset = await openDataset(folder, 0);
    const definition = findModel('mono-rnn');
    const settings = configure(definition, { layers: [8] });
    const options = { definition, settings, dataset, steps: 5, augmentation: 'music-vae' } as const;
    const whole = newRun(options);
    await train(whole);
    const cut = newRun(options);
    await train({ ...cut, signal: abortedAfter(2) });
    await train({ ...cut, resume: true, augmentation: undefined });
    expect(await latest(cut.folder)).toEqual(await latest(whole.folder));
    const plain = newRun({ ...options, augmentation: undefined });
    await train(plain);
    expect(await latest(plain.folder)).not.toEqual(await latest(whole.folder));
    const config = JSON.parse(await readFile(join(whole.folder, 'config.json'), 'utf8'));
    expect(config.training.augmentation).toBe('music-vae');
    for (const { waited } of await metricsOf(whole.folder)) {
      expect(waited).toBeGreaterThanOrEqual(0);
      expect(waited).toBeLessThanOrEqual(1);
    }
  });

  it('tells of each step once, and drops half a line and half a file of a killed process', async () => {
    const options = newRun({ steps: 6 });
    await train(options);
    const metrics = join(options.folder, 'metrics.jsonl');
    const told = await readFile(metrics, 'utf8');
    const later = JSON.stringify({ step: 9, loss: 1, gradientNorm: 1, tokensPerSecond: 1, waited: 0 });
    await writeFile(metrics, `${told}${later}\nno line of ours\n{"step":2,"lo\n{"step":6,"lo`);
    await writeFile(join(options.folder, 'checkpoints', 'latest.safetensors.partial-123'), 'half');
    await writeFile(join(options.folder, 'config.json.partial-123'), '{');
    await train({ ...options, resume: true, steps: 9 });
    const text = await readFile(metrics, 'utf8');
    expect(text.startsWith(told)).toBe(true);
    expect((await metricsOf(options.folder)).map(({ step }) => step)).toEqual([3, 6, 9]);
    expect((await readdir(options.folder, { recursive: true })).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('is refused while another process trains into the folder, and takes over from one that was killed', async () => {
    const options = newRun();
    await train(options);
    const lock = join(options.folder, 'lock');
    expect(existsSync(lock)).toBe(false);
    await writeFile(lock, `${process.ppid}\n`);
    const before = await latest(options.folder);
    await expect(train({ ...options, resume: true, steps: 9 })).rejects.toThrow(
      `${lock}: process ${process.ppid} is training here; wait for it or choose another --run folder`,
    );
    expect([await latest(options.folder), existsSync(lock)]).toEqual([before, true]);
    const killed = spawnSync(process.execPath, ['--version']).pid;
    for (const left of [`${killed}\n`, '']) {
      await writeFile(lock, left);
      const steps = left === '' ? 10 : 9;
      expect((await train({ ...options, resume: true, steps })).step).toBe(steps);
      expect(existsSync(lock)).toBe(false);
    }
  });

  it('works before the first step is done', async () => {
    const options = newRun();
    expect(await train({ ...options, signal: abortedAfter(0) })).toMatchObject({
      step: 0,
      reason: 'interrupted',
      best: null,
    });
    const run = new RunFolder(options.folder);
    expect((await run.load('best')).metadata.training.step).toBe(0);
    expect((await train({ ...options, resume: true })).step).toBe(6);
  });

  it('keeps seed and shape of the run, whatever is asked for', async () => {
    const options = newRun({ steps: 3 });
    const whole = newRun({ steps: 6 });
    await train(options);
    await train(whole);
    const settings = configure(basicRnn, { layers: [5] });
    await train({ ...options, resume: true, steps: 6, seed: 9, batch: 2, length: 5, settings });
    expect(await latest(options.folder)).toEqual(await latest(whole.folder));
  });
});
