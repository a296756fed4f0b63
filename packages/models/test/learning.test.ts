import { melodyEncoding, unigram } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { learningWarning, measureTraining, train, traineeOf } from '../src/index.ts';
import { RunFolder } from '../src/node.ts';
import { device, newRun } from './support/runs.ts';
import { basicRnn, tinySettings } from './support/tiny.ts';

const UNIT = 'nats an event';

describe('learningWarning', () => {
  it('tells of models that predict no better than counting, were never validated, or never trained', () => {
    const training = { step: 20, baseline: 2 };
    expect(learningWarning({ ...training, best: { step: 10, loss: 1.999 } }, UNIT)).toBeUndefined();
    expect(learningWarning({ ...training, best: { step: 10, loss: 2 } }, UNIT)).toMatch(
      /^The model has learnt nothing: its validation loss is 2\.000 nats an event, .* 2\.000; train it longer/,
    );
    expect(learningWarning({ ...training, best: null }, UNIT)).toMatch(
      /^The model was stopped at step 20, before its first/,
    );
    expect(learningWarning({ ...training, step: 0, best: null }, UNIT)).toMatch(/^The model is untrained/);
  });

  it('says nothing where there was no data for the comparison, or there is no baseline', () => {
    expect(learningWarning({ step: 20, best: { step: 10, loss: 9 }, baseline: null }, UNIT)).toBeUndefined();
    expect(learningWarning({ step: 20, best: null, baseline: null }, UNIT)).toBeUndefined();
  });

  it('compares with counts over the training split on the data that validations look at', async () => {
    const options = newRun({ steps: 1 });
    const { baseline } = await train(options);
    const { manifest } = options.dataset;
    const [learnt, held] = [options.dataset.sequences('train'), options.dataset.sequences('valid')];
    expect(baseline).toBe(unigram(learnt, held, manifest.encoding.classes).nll);

    const { metadata } = await new RunFolder(options.folder).load('latest');
    expect(metadata.training.baseline).toBe(baseline);
    expect((await train({ ...options, resume: true, steps: 2 })).baseline).toBe(baseline);
    expect((await train(newRun({ steps: 1, validTokens: 0 }))).baseline).toBeNull();
  });
});

describe('measureTraining', () => {
  it('counts steps and events, and gives the memory back', async () => {
    const before = device.allocated;
    const trainee = traineeOf(basicRnn, tinySettings, melodyEncoding);
    const shape = { batch: 4, length: 8, microBatch: 2 };
    const { steps, secondsPerStep, eventsPerSecond } = await measureTraining(device, trainee, shape, { seconds: 0.2 });
    expect(steps).toBeGreaterThan(0);
    expect(steps * secondsPerStep).toBeGreaterThanOrEqual(0.2);
    expect(eventsPerSecond).toBeCloseTo(32 / secondsPerStep, 6);
    expect(device.allocated).toEqual(before);
  });

  it('ends once it is told to', async () => {
    const trainee = traineeOf(basicRnn, tinySettings, melodyEncoding);
    const measuring = measureTraining(
      device,
      trainee,
      { batch: 4, length: 8 },
      { seconds: 60, signal: AbortSignal.timeout(300) },
    );
    await expect(measuring).rejects.toThrow(/timeout/);
  });
});
