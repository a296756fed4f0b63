import { describe, expect, it } from 'vitest';
import { type TrainingProgress, train } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { device, latest, metricsOf, newRun } from './support/runs.ts';

/** A second and a half: hundreds of steps of the tiny model. */
const MINUTES = 0.025;

describe('train with a bound in minutes', () => {
  it('ends with a validation and a checkpoint, and has the numbers of a run of as many steps', async () => {
    const progress: TrainingProgress[] = [];
    const options = newRun({ steps: undefined, minutes: MINUTES, onProgress: (each) => progress.push(each) });
    const { step, reason, best } = await train(options);
    expect(reason).toBe('time');
    expect(step).toBeGreaterThan(1);
    expect((await metricsOf(options.folder)).at(-1)).toMatchObject({
      step,
      valid: expect.objectContaining({ loss: expect.any(Number) }),
    });
    expect(best?.step).toBeLessThanOrEqual(step);
    expect((await latest(options.folder)).step).toBe(step);

    expect(progress.map(({ steps }) => steps)).toEqual(progress.map(() => undefined));
    const shares = progress.map(({ share }) => share);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
    for (const { secondsLeft } of progress) expect(secondsLeft).toBeLessThanOrEqual(60 * MINUTES);

    const straight = newRun({ steps: step, validateEvery: 1000 });
    await train(straight);
    expect(await latest(straight.folder)).toEqual(await latest(options.folder));
  });

  it('ends with the steps where they come first, and goes on with a resume', async () => {
    const options = newRun({ steps: 4, minutes: 10 });
    expect(await train(options)).toMatchObject({ step: 4, reason: 'finished' });
    const resumed = await train({ ...options, resume: true, steps: undefined, minutes: MINUTES });
    expect(resumed.reason).toBe('time');
    expect(resumed.step).toBeGreaterThan(4);
  });

  it('makes one step and a checkpoint where there is time for nothing', async () => {
    const options = newRun({ steps: undefined, minutes: 1 / 60, length: 512, batch: 256 });
    const { step, reason } = await train(options);
    expect([step, reason]).toEqual([expect.any(Number), 'time']);
    expect((await new RunFolder(options.folder).load('best')).metadata.training.step).toBeGreaterThanOrEqual(1);
    device.check();
  });
});
