import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelError, train } from '../src/index.ts';
import { RunFolder, RunRecord } from '../src/node.ts';
import { metricsOf, newRun, root } from './support/runs.ts';

describe('the record of a run', () => {
  it('tells what is trained, on what, and what there is to hear', async () => {
    const options = newRun();
    let isTrainingMeanwhile: boolean | undefined;
    const record = new RunRecord(options.folder);
    const onPreview = async () => {
      isTrainingMeanwhile = (await record.facts()).isTraining;
    };
    let told: unknown;
    const preview = { every: 3, count: 1, length: 16, onPreview };
    await train({ ...options, preview, onStart: ({ predicted, measured }) => (told = { predicted, measured }) });
    for (const name of ['step-12', 'step-3', 'step-x', '.step-4.partial-1']) {
      await mkdir(join(options.folder, 'previews', name), { recursive: true });
    }
    const facts = await record.facts();
    expect(facts).toMatchObject({ model: 'basic-rnn', isTraining: false, previews: [3, 12], start: told });
    expect(facts.baseline).toBeGreaterThan(0);
    expect(facts.start?.adapter).not.toBe('');
    expect(isTrainingMeanwhile).toBe(true);
  });

  it('gives whole lines of metrics from where a reader has come to, and all of them once the run went back', async () => {
    const options = newRun();
    await train(options);
    const record = new RunRecord(options.folder);
    const all = await metricsOf(options.folder);
    const first = await record.metrics();
    expect(first).toMatchObject({ isStart: true, lines: all });
    const path = join(options.folder, 'metrics.jsonl');
    const next = { ...all[0], step: 7 };
    const line = JSON.stringify(next);
    await appendFile(path, line.slice(0, 20));
    const half = await record.metrics(first.position);
    expect(half).toEqual({ isStart: false, lines: [], position: first.position });
    await appendFile(path, `${line.slice(20)}\n`);
    const second = await record.metrics(half.position);
    expect(second).toMatchObject({ isStart: false, lines: [next] });
    await new RunFolder(options.folder).rewind(3);
    expect(await record.metrics(second.position)).toMatchObject({ isStart: true, lines: all.slice(0, 1) });
    await writeFile(path, '');
    expect(await record.metrics(second.position)).toMatchObject({ isStart: true, lines: [] });
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('is refused of what is not a run', async () => {
    const folder = join(root, 'no run');
    await mkdir(folder);
    for (const text of [undefined, '{', '{"format":"of another program"}']) {
      if (text !== undefined) await writeFile(join(folder, 'config.json'), text);
      const facts = new RunRecord(folder).facts();
      await expect(facts).rejects.toBeInstanceOf(ModelError);
      await expect(facts).rejects.toThrow(/no run.config\.json: is not of a run of this version; name a folder/);
    }
  });
});
