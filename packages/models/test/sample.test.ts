import { melodyEncoding } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { planSampling } from '../src/composing/step.ts';
import { ModelError, sample } from '../src/index.ts';
import { readClasses } from '../src/next-event/reading.ts';
import { lstmNetwork, rnnSettings } from '../src/next-event/rnn.ts';
import { testDevice } from './support/device.ts';
import { predict } from './support/reference.ts';
import { freshCheckpoint } from './support/tiny.ts';

const device = await testDevice();
// Two layers whose weights are drawn thrice as wide as usual, so that an untrained model has opinions.
const settings = rnnSettings({ layers: [8, 4], dropout: 0.5, learningRate: 0.001, clipNorm: 5 }).parse({});
const untrained = freshCheckpoint(settings);
const checkpoint = {
  ...untrained,
  state: {
    ...untrained.state,
    parameters: untrained.state.parameters.map((values) => values.map((value) => 3 * value)),
  },
};
const options = { count: 3, length: 12, seed: 5, settings: { temperature: 1 }, encoding: melodyEncoding };
const eventsOf = (samples: readonly { events: Uint16Array }[]) => samples.map(({ events }) => [...events]);

/** The likeliest path of the reference within the grammar. */
function likeliest(primer: readonly number[], length: number): number[] {
  const events = [...primer];
  while (events.length < length) {
    const scores = predict(checkpoint, events).logits[events.length - 1];
    const allowed = melodyEncoding.allowedAfter(events.at(-1));
    const ranked = [...scores.keys()].filter((event) => allowed[event]).sort((a, b) => scores[b] - scores[a]);
    events.push(ranked[0]);
  }
  return events;
}

describe('sample', () => {
  it('gives the same events for the same seed, and others for another', async () => {
    const first = await sample(device, checkpoint, options);
    expect(await sample(device, checkpoint, options)).toEqual(first);
    expect(first.map(({ events }) => events.length)).toEqual([12, 12, 12]);
    expect(new Set(first.map(({ events }) => events.join())).size).toBe(3);
    const other = await sample(device, checkpoint, { ...options, seed: 6 });
    expect(eventsOf(other)).not.toEqual(eventsOf(first));
  });

  it('gives sequence n whatever number is drawn, also in a second round of lanes', async () => {
    // 64 lanes a round: 66 sequences take two.
    const many = await sample(device, checkpoint, { ...options, count: 66, length: 6 });
    expect(many).toHaveLength(66);
    expect(await sample(device, checkpoint, { ...options, count: 1, length: 6 })).toEqual(many.slice(0, 1));
    expect(await sample(device, checkpoint, { ...options, count: 3, first: 63, length: 6 })).toEqual(many.slice(63));
  });

  it('tells the same likelihood of it there, also behind a primer', async () => {
    const primer = [14, 0, 16, 0, 1];
    const many = await sample(device, checkpoint, { ...options, count: 65, primer });
    const [alone] = await sample(device, checkpoint, { ...options, count: 1, first: 64, primer });
    expect([...many[64].events]).toEqual([...alone.events]);
    expect(many[64].nll).toBeCloseTo(alone.nll ?? Number.NaN, 5);
  });

  it('never breaks the grammar, and decodes', async () => {
    const samples = await sample(device, checkpoint, {
      ...options,
      count: 64,
      length: 40,
      settings: { temperature: 3 },
    });
    for (const { events } of samples) {
      for (const [index, event] of events.entries()) {
        const previous = index === 0 ? undefined : events[index - 1];
        expect(melodyEncoding.allowedAfter(previous)[event]).toBe(true);
      }
      expect(() => melodyEncoding.decode(events, { title: 'sample' })).not.toThrow();
    }
    // Note-offs do come; without the grammar one in 38 would follow another, some 60 in these 2,560 events.
    expect(samples.some(({ events }) => events.includes(1))).toBe(true);
  });

  it.each([
    ['the lowest temperature', { temperature: 0.01 }],
    ['the one likeliest event', { topK: 1 }],
    ['a small share', { topP: 0.001 }],
  ])('follows the likeliest path of the float64 reference with %s', async (_, cut) => {
    const [{ events }] = await sample(device, checkpoint, { ...options, count: 1, primer: [14, 0, 21], settings: cut });
    expect([...events]).toEqual(likeliest([14, 0, 21], 12));
  });

  it('keeps a primer at the front, and tells the likelihood of what follows it', async () => {
    const primer = [14, 0, 16, 0, 1];
    for (const { events, nll } of await sample(device, checkpoint, { ...options, primer })) {
      expect([...events.subarray(0, primer.length)]).toEqual(primer);
      // The reference's likelihood, renormalised over what the grammar allows.
      const { logits } = predict(checkpoint, events);
      let expected = 0;
      for (let position = primer.length; position < events.length; position++) {
        const allowed = melodyEncoding.allowedAfter(events[position - 1]);
        const weights = [...logits[position - 1]].map((score, event) => (allowed[event] ? Math.exp(score) : 0));
        expected -= Math.log(weights[events[position]] / weights.reduce((sum, weight) => sum + weight, 0));
      }
      expect(nll).toBeCloseTo(expected / (events.length - primer.length), 4);
    }
  });

  it('starts with an event that training sequences started with', async () => {
    const firstEvents = new Array<number>(38).fill(0).with(20, 2).with(23, 1);
    const metadata = { ...checkpoint.metadata, firstEvents };
    const samples = await sample(device, { ...checkpoint, metadata }, { ...options, count: 60, length: 2 });
    const first = samples.map(({ events }) => events[0]);
    expect(new Set(first)).toEqual(new Set([20, 23]));
    expect(first.filter((event) => event === 20).length).toBeGreaterThan(30);
  });

  it.each([
    ['an empty primer', { primer: [] }, 'The primer has 0 events: it must have 1 to 11, or ask for more bars.'],
    ['a primer that leaves no room', { primer: new Array(12).fill(20) }, 'The primer has 12 events'],
    ['a primer of pitches', { primer: [60, 62] }, 'The primer holds 60 at 0, which melody does not allow there'],
    ['a primer of something else', { primer: [20, 1.5] }, 'The primer holds 1.5 at 1'],
    ['a primer with a note-off after a note-off', { primer: [20, 1, 1] }, 'The primer holds 1 at 2'],
    ['a primer that starts with a note-off', { primer: [1, 20] }, 'The primer holds 1 at 0'],
    ['temperature 0', { settings: { temperature: 0 } }, /^Composing: temperature: .+; correct it/],
    ['no temperature', { settings: { temperature: Number.NaN } }, 'Composing: temperature: '],
    ['topK 0', { settings: { topK: 0 } }, 'Composing: topK: '],
    ['topP 0', { settings: { topP: 0 } }, 'Composing: topP: '],
    ['topP above 1', { settings: { topP: 1.1 } }, 'Composing: topP: '],
    ['an unknown setting', { settings: { beams: 3 } }, 'Composing: Unrecognized key: "beams"'],
    ['no sequences', { count: 0 }, 'Sampling: count is 0'],
    ['a single event', { length: 1 }, 'Composing: length is 1; give a whole number of 2 or more.'],
    ['a broken seed', { seed: 0.5 }, 'Sampling: seed is 0.5'],
    [
      'another encoding',
      { encoding: { ...melodyEncoding, version: 99 } },
      `The model learnt events of melody ${melodyEncoding.version}, got melody 99; use data in`,
    ],
  ])('refuses %s in one line', async (_, wrong, message) => {
    const drawing = sample(device, checkpoint, { ...options, ...wrong });
    await expect(drawing).rejects.toBeInstanceOf(ModelError);
    await expect(drawing).rejects.toThrow(message);
  });

  it('refuses a model that gives no numbers, and frees its memory', async () => {
    const before = device.allocated;
    const parameters = checkpoint.state.parameters.map((values) => values.map(() => Number.NaN));
    const broken = { ...checkpoint, state: { ...checkpoint.state, parameters } };
    await expect(sample(device, broken, options)).rejects.toThrow(
      "The model's logits are NaN; retrain, or use an earlier checkpoint.",
    );
    expect(device.allocated).toEqual(before);
  });

  it('takes the memory that was planned, and gives it back, also when it is aborted', async () => {
    const before = device.allocated;
    const controller = new AbortController();
    const shares: number[] = [];
    let during = before;
    const onProgress = (share: number) => {
      shares.push(share);
      during = device.allocated;
      if (shares.length === 5) controller.abort(new Error('enough'));
    };
    await expect(sample(device, checkpoint, { ...options, onProgress, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    const reading = readClasses(melodyEncoding);
    const network = lstmNetwork(settings, reading);
    expect(during).toEqual(planSampling(network, reading, 3, { limits: device.limits }).plan.byCategory);
    expect(device.allocated).toEqual(before);
    expect(shares).toEqual([1, 2, 3, 4, 5].map((done) => expect.closeTo(done / 11, 12)));
  });

  it('ends with the reason of an abort while kernels are made ready, and gives the memory back', async () => {
    const before = device.allocated;
    const controller = new AbortController();
    const onPreparation = () => controller.abort(new Error('enough'));
    const drawing = sample(device, checkpoint, { ...options, onPreparation, signal: controller.signal });
    await expect(drawing).rejects.toThrow('enough');
    expect(device.allocated).toEqual(before);
  });
});
