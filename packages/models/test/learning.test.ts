import { unigram } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { learningWarning, measureTraining, RunFolder, train } from '../src/index.ts';
import { device, newRun } from './support/runs.ts';
import { basicRnn, tinyConfiguration } from './support/tiny.ts';

describe('learningWarning', () => {
  it('tells of models that predict no better than counting, were never validated, or never trained', () => {
    const training = { step: 20, unigramNll: 2 };
    expect(learningWarning({ ...training, best: { step: 10, nll: 1.999 } })).toBeUndefined();
    expect(learningWarning({ ...training, best: { step: 10, nll: 2 } })).toMatch(
      /^The model has learnt nothing: its validation loss is 2\.000 nats an event, .* 2\.000; train it longer/,
    );
    expect(learningWarning({ ...training, best: null })).toMatch(/^The model was stopped at step 20, before its first/);
    expect(learningWarning({ ...training, step: 0, best: null })).toMatch(/^The model is untrained/);
  });

  it('says nothing of files that are older than the comparison, or had no data for it', () => {
    expect(learningWarning({ step: 20, best: { step: 10, nll: 9 } })).toBeUndefined();
    expect(learningWarning({ step: 20, best: null, unigramNll: undefined })).toBeUndefined();
  });

  it('compares with counts over the training split on the data that validations look at', async () => {
    const options = newRun({ steps: 1 });
    const { unigramNll } = await train(options);
    const { manifest } = options.dataset;
    const [learnt, held] = [options.dataset.sequences('train'), options.dataset.sequences('valid')];
    expect(unigramNll).toBe(unigram(learnt, held, manifest.encoding.classes).nll);

    // A run from before there was the comparison gets it when it goes on.
    const run = new RunFolder(options.folder);
    const { metadata, ...rest } = await run.load('latest');
    expect(metadata.training.unigramNll).toBe(unigramNll);
    const { unigramNll: _, ...older } = metadata.training;
    await run.save('latest', { ...rest, metadata: { ...metadata, training: older } });
    expect((await train({ ...options, resume: true, steps: 2 })).unigramNll).toBe(unigramNll);
    expect((await train(newRun({ steps: 1, validTokens: 0 }))).unigramNll).toBeUndefined();
  });
});

describe('measureTraining', () => {
  it('counts steps and events, and gives the memory back', async () => {
    const before = device.allocated;
    const model = basicRnn.create(tinyConfiguration, 38);
    const shape = { batch: 4, length: 8, microBatch: 2 };
    const { steps, secondsPerStep, eventsPerSecond } = await measureTraining(device, model, shape, { seconds: 0.2 });
    expect(steps).toBeGreaterThan(0);
    expect(steps * secondsPerStep).toBeGreaterThanOrEqual(0.2);
    expect(eventsPerSecond).toBeCloseTo(32 / secondsPerStep, 6);
    expect(device.allocated).toEqual(before);
  });

  it('ends once it is told to', async () => {
    const model = basicRnn.create(tinyConfiguration, 38);
    const measuring = measureTraining(
      device,
      model,
      { batch: 4, length: 8 },
      { seconds: 60, signal: AbortSignal.timeout(300) },
    );
    await expect(measuring).rejects.toThrow(/timeout/);
  });
});
