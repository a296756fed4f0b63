import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { melodyEncoding } from '@chipsmith/data';
import { describe, expect, it, vi } from 'vitest';
import { type Preview, type PreviewOptions, sample, train } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { device, latest, newRun } from './support/runs.ts';
import { tinySettings } from './support/tiny.ts';

/** Previews of two bars, and what was told of them. */
function previews(every: number): { told: Preview[]; preview: PreviewOptions } {
  const told: Preview[] = [];
  const onPreview = async (each: Preview) => {
    told.push(each);
  };
  return { told, preview: { every, count: 2, length: 32, onPreview } };
}

describe('previews', () => {
  it('are what the model of that step samples, and change no bit of the training', async () => {
    const { told, preview } = previews(4);
    const options = newRun({ steps: 8, preview });
    const before = device.allocated;
    await train(options);
    expect(device.allocated).toEqual(before);
    expect(told.map(({ step }) => step)).toEqual([4, 8]);
    const plain = newRun({ steps: 8 });
    await train(plain);
    const files = await Promise.all(
      [options, plain].map(({ folder }) => readFile(join(folder, 'checkpoints/latest.safetensors'))),
    );
    expect(files[0].equals(files[1])).toBe(true);
    const checkpoint = await new RunFolder(options.folder).load('latest');
    const drawn = await sample(device, checkpoint, { encoding: melodyEncoding, count: 2, length: 32, seed: 1 });
    expect(told[1]).toEqual({ step: 8, beatsPerMinute: checkpoint.metadata.beatsPerMinute, compositions: drawn });
  });

  it('are of the moving average of the parameters, where training keeps one', async () => {
    const { told, preview } = previews(4);
    const optimiser = { ...tinySettings.optimiser, average: 0.9 };
    const options = newRun({ steps: 4, preview, settings: { ...tinySettings, optimiser } });
    await train(options);
    const checkpoint = await new RunFolder(options.folder).load('latest');
    const drawn = await sample(device, checkpoint, { encoding: melodyEncoding, count: 2, length: 32, seed: 1 });
    expect(told).toMatchObject([{ compositions: drawn }]);
  });

  it('are made again alike by a run that goes on from an earlier step, which drops the later ones', async () => {
    const whole = previews(2);
    await train(newRun({ steps: 6, preview: whole.preview }));
    const { told, preview } = previews(2);
    const options = newRun({ steps: 3, preview });
    await train(options);
    const run = new RunFolder(options.folder);
    for (const step of [2, 4, 30]) await mkdir(run.previewFolder(step), { recursive: true });
    await mkdir(join(options.folder, 'previews', '.step-2.partial-12-00ff'));
    await train({ ...options, resume: true, steps: 6 });
    expect(told).toEqual(whole.told);
    expect(await readdir(join(options.folder, 'previews'))).toEqual(['step-2']);
  });

  it('are left out where a budget has no room for their program, and training goes on within it', async () => {
    const { told, preview } = previews(2);
    let taken = 0;
    const total = (bytes: object) => Object.values(bytes).reduce((sum: number, each: number) => sum + each, 0);
    await train(newRun({ steps: 1, onStart: ({ measured }) => (taken = total(measured)) }));
    const result = await train(newRun({ steps: 4, preview, budget: taken }));
    expect(result.reason).toBe('finished');
    expect(told).toMatchObject([2, 4].map((step) => ({ step, lack: 'memory' })));
    const roomy = previews(2);
    await train(newRun({ steps: 4, preview: roomy.preview, budget: 2 * taken }));
    expect(roomy.told.map(({ lack }) => lack)).toEqual([undefined, undefined]);
  });

  it('are given up where they would take the time of the last validation', async () => {
    const { told, preview } = previews(1);
    // More events than fit into a second and a half.
    const options = newRun({ steps: undefined, minutes: 0.025, preview: { ...preview, length: 100_000 } });
    const start = performance.now();
    expect((await train(options)).reason).toBe('time');
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(new Set(told.map(({ lack }) => lack))).toEqual(new Set(['time']));
    expect((await latest(options.folder)).step).toBeGreaterThan(0);
  });

  it('end with an interrupted training, which saves where it is', async () => {
    const controller = new AbortController();
    const { told, preview } = previews(2);
    const options = newRun({ steps: 9, preview: { ...preview, length: 100_000 }, signal: controller.signal });
    const timer = vi.fn(() => controller.abort());
    setTimeout(timer, 1500);
    expect(await train(options)).toMatchObject({ reason: 'interrupted', step: 2 });
    expect([told, timer.mock.calls.length]).toEqual([[], 1]);
    expect((await latest(options.folder)).step).toBe(2);
    expect(existsSync(join(options.folder, 'lock'))).toBe(false);
  });
});
