import { polyphonyEncoding } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { configure, findModel, sample } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { untrainedCheckpoint } from './support/tiny.ts';

const device = await testDevice();
const definition = findModel('polyphony-rnn');
const [START, END, STEP_END] = [0, 1, 2];
const strike = (pitch: number) => 3 + pitch;
const goOn = (pitch: number) => 131 + pitch;
const checkpoint = untrainedCheckpoint(definition, configure(definition, { layers: [6] }), polyphonyEncoding, {
  seed: 3,
  firstEvents: polyphonyEncoding.allowedAfter(undefined).map(Number),
});

/** Two steps on 72 and one on 71, above which the model has room for little. */
const melody = [strike(72), STEP_END, goOn(72), STEP_END, strike(71), STEP_END];
const draw = (settings: Record<string, unknown>, primer = [START, ...melody, END], count = 4) =>
  sample(device, checkpoint, {
    ...{ count, length: 2000, bars: 0.5, seed: 2, encoding: polyphonyEncoding, primer, settings },
  });

/** The events of each step. */
function stepsOf(events: Uint16Array): number[][] {
  const steps: number[][] = [[]];
  for (const event of events.subarray(1)) {
    if (event === STEP_END) steps.push([]);
    else steps[steps.length - 1].push(event);
  }
  return steps;
}

const MELODY = [[strike(72)], [goOn(72)], [strike(71)]];

describe('the primer of polyphony-rnn', () => {
  it('is gone on from, without its end', async () => {
    for (const { events } of await draw({})) {
      expect([...events.subarray(0, 1 + melody.length)]).toEqual([START, ...melody]);
      expect([...events]).not.toContain(END);
      expect(stepsOf(events)).toHaveLength(8 + 1);
    }
  });

  it('is harmonised where it is injected alone: each step begins with its notes', async () => {
    const made = await draw({ conditionOnPrimer: false, injectPrimer: true });
    for (const { events } of made) {
      const steps = stepsOf(events);
      expect(steps).toHaveLength(8 + 1);
      for (const [step, notes] of MELODY.entries()) expect(steps[step].slice(0, 1)).toEqual(notes);
    }
    expect(made.some(({ events }) => stepsOf(events)[0].length > 1)).toBe(true);
    // The notes that it was given are no choices of the model, and do not count.
    const [alone] = await draw({ conditionOnPrimer: false, injectPrimer: true }, undefined, 1);
    expect([...alone.events]).toEqual([...made[0].events]);
    expect(alone.nll).toBeCloseTo(made[0].nll ?? Number.NaN, 4);
  });

  it('comes once as it is and once more harmonised where it is both', async () => {
    for (const { events, nll } of await draw({ conditionOnPrimer: true, injectPrimer: true })) {
      const steps = stepsOf(events);
      expect(steps.slice(0, 3)).toEqual(MELODY);
      for (const [step, notes] of MELODY.entries()) expect(steps[3 + step].slice(0, 1)).toEqual(notes);
      expect(nll).toBeGreaterThan(0);
    }
  });

  it('leaves no likelihood where all that there is room for was given', async () => {
    const [made] = await sample(device, checkpoint, {
      ...{ count: 1, length: 2, seed: 2, encoding: polyphonyEncoding, primer: [START, ...melody] },
      settings: { conditionOnPrimer: false, injectPrimer: true },
    });
    expect([...made.events]).toEqual([START, strike(72)]);
    expect(made.nll).toBeUndefined();
  });

  it('must be used for something', async () => {
    await expect(draw({ conditionOnPrimer: false })).rejects.toThrow('Nothing is to be done with the primer');
  });

  it('must leave something to make', async () => {
    const long = [START, ...melody, ...melody, ...melody];
    await expect(draw({}, long)).rejects.toThrow(
      'The primer lasts 0.56 bars, which leaves nothing of 0.5 to make; ask for more bars.',
    );
  });
});
