import { deriveSeed, melodyEncoding } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { branchesOf } from '../src/composing/beam.ts';
import { compose, sample } from '../src/index.ts';
import { rnnSettings } from '../src/next-event/rnn.ts';
import { testDevice } from './support/device.ts';
import { predict } from './support/reference.ts';
import { freshCheckpoint } from './support/tiny.ts';

const device = await testDevice();
const settings = rnnSettings({ layers: [8, 4], dropout: 0, learningRate: 0.001, clipNorm: 5 }).parse({});
const untrained = freshCheckpoint(settings);
// Weights three times as wide as usual, so that drafts differ in likelihood.
const parameters = untrained.state.parameters.map((values) => values.map((value) => 3 * value));
const checkpoint = { ...untrained, state: { ...untrained.state, parameters } };
const length = 30;
const primer = [14, 0, 21];
const options = { count: 3, length, seed: 5, encoding: melodyEncoding, primer };
const draw = (beams: object, changes: object = {}) =>
  sample(device, checkpoint, { ...options, ...changes, settings: { temperature: 1, ...beams } });

/** Mean negative log-likelihood within the grammar of what follows the primer, by the float64 reference. */
function referenceNll(events: Uint16Array): number {
  const { logits } = predict(checkpoint, events);
  let sum = 0;
  for (let position = primer.length; position < events.length; position++) {
    const allowed = melodyEncoding.allowedAfter(events[position - 1]);
    const weights = [...logits[position - 1]].map((score, event) => (allowed[event] ? Math.exp(score) : 0));
    sum -= Math.log(weights[events[position]] / weights.reduce((total, weight) => total + weight, 0));
  }
  return sum / (events.length - primer.length);
}

describe('beam search', () => {
  it('is plain sampling, bit for bit, with one draft that goes on in one way', async () => {
    const plain = await draw({});
    expect(await draw({ beamSize: 1, branchFactor: 1, stepsPerIteration: 1 })).toEqual(plain);
    expect(await draw({ stepsPerIteration: 7 })).toEqual(plain);
  });

  it('keeps the likeliest of independent drafts if it never prunes', async () => {
    const seed = deriveSeed(options.seed, 0);
    const seeds = [seed, ...[1, 2, 3, 4, 5].map((branch) => deriveSeed(seed, branch))];
    const requests = seeds.map((each) => ({ seed: each, primer }));
    const drafts = await compose(device, checkpoint, 'continue', requests, {
      ...{ encoding: melodyEncoding, length, settings: { temperature: 1 } },
    });
    const nlls = drafts.map(({ nll }) => nll ?? Number.NaN);
    const best = drafts[nlls.indexOf(Math.min(...nlls))];
    const [found] = await draw({ beamSize: 2, branchFactor: 3, stepsPerIteration: length }, { count: 1 });
    expect([...found.events]).toEqual([...best.events]);
    expect(found.nll).toBeCloseTo(Math.min(...nlls), 5);
  });

  it.each([
    { beamSize: 4, branchFactor: 1, stepsPerIteration: 3 },
    { beamSize: 1, branchFactor: 4, stepsPerIteration: 1 },
    { beamSize: 3, branchFactor: 5, stepsPerIteration: 4 },
  ])('goes on from the state of the draft that it keeps: $beamSize of $branchFactor each', async (beams) => {
    const plain = await draw({});
    const found = await draw(beams);
    for (const [index, { events, nll }] of found.entries()) {
      // It would not be that of the events if network and likelihood had stayed those of another draft.
      expect(nll).toBeCloseTo(referenceNll(events), 4);
      const [alone] = await draw(beams, { count: 1, first: index });
      expect([...alone.events]).toEqual([...events]);
    }
    const mean = (all: typeof found) => all.reduce((sum, { nll = Number.NaN }) => sum + nll, 0) / all.length;
    expect(mean(found)).toBeLessThan(mean(plain));
  });

  it('prunes to the likeliest, the first of equal ones, and lets each go on as often', () => {
    expect(branchesOf([-3, -1, -2, -1, -5, -4], { beamSize: 2 })).toEqual([1, 3, 1, 3, 1, 3]);
    expect(branchesOf([-3, -1, -2], { beamSize: 1 })).toEqual([1, 1, 1]);
    expect(branchesOf([-1, -2], { beamSize: 2 })).toEqual([0, 1]);
  });
});
