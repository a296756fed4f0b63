import { datasetFromSongs, type Encoding, embeddedCorpus, findEncoding, Random } from '@chipsmith/data';
import { describe, expect, it } from 'vitest';
import { type Composition, configure, models, type SampleOptions, sample } from '../src/index.ts';
import { testDevice } from './support/device.ts';
import { untrainedCheckpoint } from './support/tiny.ts';

const device = await testDevice();
const ROUNDS = 6;

/** Settings of composing, drawn at random: about half of them are left out. */
function drawSettings(random: Random): Record<string, unknown> {
  const among = <Value>(...values: Value[]) => values[random.nextInteger(values.length)];
  const mostNotes = among(undefined, 6, 40);
  return {
    temperature: among(0.01, 0.9, 3, 100),
    topK: among(undefined, undefined, 1, 5),
    topP: among(undefined, undefined, 0.3),
    minP: among(undefined, undefined, 0.2),
    repetitionPenalty: among(undefined, 0.8, 100),
    repetitionLength: among(1, 4, 16),
    beamSize: among(1, 2),
    branchFactor: among(1, 1, 3),
    stepsPerIteration: among(1, 5),
    key: among(undefined, 'C', 'F#'),
    scale: among(undefined, 'minor', 'pentatonic'),
    lowestPitch: among(undefined, 0, 60),
    highestPitch: among(undefined, 60, 72),
    mostNotes,
    fewestNotes: among(undefined, 2, 6),
    longestRest: among(undefined, mostNotes === 6 ? 1 : 0.25, 2),
  };
}

function grammarFaults({ events }: Composition, encoding: Encoding): number[] {
  return [...events.keys()].filter((index) => !encoding.allowedAfter(events[index - 1])[events[index]]);
}

function barsOf({ events }: Composition, encoding: Encoding): number {
  return [...events].reduce((sum, event, index) => sum + encoding.barsOf(event, events[index - 1]), 0);
}

describe.each(models.flatMap((definition) => definition.encodings.map((name) => ({ definition, name }))))(
  '$definition.name on $name',
  ({ definition, name }) => {
    const encoding = findEncoding(name);
    // As small as the model lets it be by these settings.
    const small = { layers: [6, 4] };
    const settings = configure(definition, definition.settings.safeParse(small).success ? small : {});
    const { composers, examples } = definition.create(settings, encoding);
    const composer = composers.sample;
    const known = Object.keys(composer?.settings.shape ?? {});
    const writesEvents = known.includes('beamSize');
    const firstEvents = encoding.allowedAfter(undefined).map(Number);
    const dataset = datasetFromSongs(embeddedCorpus().slice(0, 2), encoding, { validShare: 0 });
    const facts = examples.facts?.(dataset.sequences('train'));
    const untrained = untrainedCheckpoint(definition, settings, encoding, { seed: 3, firstEvents, facts });
    // Wide weights, so that it has opinions, wrong ones.
    const parameters = untrained.state.parameters.map((values) => values.map((value) => 4 * value));
    const checkpoint = { ...untrained, state: { ...untrained.state, parameters } };
    const draw = (options: Partial<SampleOptions>) =>
      sample(device, checkpoint, { count: 3, length: 90, bars: 1.5, seed: 9, encoding, ...options });

    it('keeps to the grammar and can be decoded, whatever the settings', async () => {
      const random = new Random(7);
      for (let round = 0; round < ROUNDS; round++) {
        const all = Object.entries(drawSettings(random));
        const drawn = Object.fromEntries(all.filter(([name]) => known.includes(name)));
        const primer = writesEvents && round % 3 === 0 ? encoding.encodePitches([60, 64]) : undefined;
        for (const composition of await draw({ settings: drawn, primer })) {
          expect(grammarFaults(composition, encoding), JSON.stringify(drawn)).toEqual([]);
          expect(composition.nll ?? 0).toBeGreaterThanOrEqual(0);
          expect(() => encoding.decode(composition.events, { title: name })).not.toThrow();
        }
      }
    });

    // Models that write whole pieces or windows give them whole.
    if (!writesEvents) return;
    it('ends each sequence when its bars have passed, and gives what it gives alone', async () => {
      const drawn = await draw({ length: 600 });
      for (const [index, composition] of drawn.entries()) {
        const { events, nll } = composition;
        const before = { ...composition, events: events.subarray(0, -1) };
        expect(barsOf(before, encoding)).toBeLessThan(1.5);
        if (events.length < 600) expect(barsOf(composition, encoding)).toBeGreaterThan(1.5 - 1e-6);
        expect([...events].some((event) => encoding.isEnd?.(event))).toBe(false);
        const [alone] = await draw({ length: 600, first: index, count: 1 });
        expect([...alone.events]).toEqual([...events]);
        expect(alone.nll).toBeCloseTo(nll ?? Number.NaN, 4);
      }
      expect(drawn.some(({ events }) => events.length < 600)).toBe(true);
    });
  },
);
