import { Random } from '@chipsmith/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseEvent, pick } from '../src/sampling/choose.ts';

const all = (count: number): boolean[] => new Array<boolean>(count).fill(true);

/** Probabilities that sampling should have, from the definitions: softmax of logits / temperature over allowed events. */
function softmax(logits: readonly number[], allowed: readonly boolean[], temperature = 1): number[] {
  const weights = logits.map((logit, event) => (allowed[event] ? Math.exp(logit / temperature) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Pearson's chi-square of how often each event came; events of probability 0 must not come at all. */
function chiSquare(counts: readonly number[], probabilities: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return probabilities.reduce((sum, probability, event) => {
    if (probability === 0) return counts[event] === 0 ? sum : Number.POSITIVE_INFINITY;
    return sum + (counts[event] - total * probability) ** 2 / (total * probability);
  }, 0);
}

const logits = [0.3, -1.2, 2, 0.3, 1.1, -0.4, 0.9, 1.7];
const settings = { topK: undefined, topP: undefined, temperature: 1 };

describe('chooseEvent', () => {
  // The 99.9 % points of chi-square: 24.3 for 7 degrees of freedom, 22.5 for 6, 13.8 for 2.
  it.each([
    ['temperature 1', settings, all(8), softmax(logits, all(8)), 24.3],
    ['temperature 0.5', { ...settings, temperature: 0.5 }, all(8), softmax(logits, all(8), 0.5), 24.3],
    ['temperature 2', { ...settings, temperature: 2 }, all(8), softmax(logits, all(8), 2), 24.3],
    ['a grammar', settings, all(8).with(2, false), softmax(logits, all(8).with(2, false)), 22.5],
    [
      'the three likeliest',
      { ...settings, topK: 3 },
      all(8),
      softmax(
        logits,
        logits.map((_, event) => [2, 7, 4].includes(event)),
      ),
      13.8,
    ],
    [
      // softmax: 2 -> .344, 7 -> .255, 4 -> .140, 6 -> .115; the first two hold .598, three are needed for .65.
      'the likeliest that hold 65 %',
      { ...settings, topP: 0.65 },
      all(8),
      softmax(
        logits,
        logits.map((_, event) => [2, 7, 4].includes(event)),
      ),
      13.8,
    ],
  ])('draws by softmax: %s', (_, options, allowed, probabilities, limit) => {
    const random = new Random(1);
    const counts = new Array<number>(8).fill(0);
    for (let draw = 0; draw < 20_000; draw++) counts[chooseEvent(logits, allowed, options, random.nextFloat()).event]++;
    expect(chiSquare(counts, probabilities)).toBeLessThan(limit);
  });

  it('gives the log-probability of the model, whatever temperature and cuts are', () => {
    const allowed = all(8).with(4, false);
    const probabilities = softmax(logits, allowed);
    for (const options of [settings, { temperature: 0.1, topK: 2 }, { temperature: 3, topP: 0.9 }]) {
      const { event, logProbability } = chooseEvent(logits, allowed, options, 0.37);
      expect(logProbability).toBeCloseTo(Math.log(probabilities[event]), 12);
    }
  });

  it('gives an allowed event for any scores, settings and draw', () => {
    const scores = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(
        scores,
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        fc.double({ min: 1e-6, max: 100, noNaN: true }),
        fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }),
        fc.option(fc.double({ min: 1e-9, max: 1, noNaN: true }), { nil: undefined }),
        fc.nat(2 ** 32 - 1),
        (values, mask, temperature, topK, topP, draw) => {
          const allowed = values.map((_, event) => mask[event] || event === 0);
          const { event, logProbability } = chooseEvent(values, allowed, { temperature, topK, topP }, draw / 2 ** 32);
          expect(allowed[event]).toBe(true);
          expect(logProbability).toBeLessThanOrEqual(0);
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it.each([
    ['a temperature near 0', { temperature: 1e-9 }],
    ['the one likeliest', { temperature: 5, topK: 1 }],
    ['a small share', { temperature: 5, topP: 1e-9 }],
  ])('always gives the highest score with %s', (_, options) => {
    for (const draw of [0, 0.5, 1 - 2 ** -32]) expect(chooseEvent(logits, all(8), options, draw).event).toBe(2);
  });

  it('prefers the lower class of equal scores', () => {
    expect(chooseEvent([0, 1, 1, 1], all(4), { temperature: 1, topK: 1 }, 0.99).event).toBe(1);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses a score of %s', (score) => {
    expect(() => chooseEvent([0, score, 1], all(3), settings, 0.5)).toThrow('no numbers; train it anew');
  });
});

describe('pick', () => {
  it('never takes an index without weight, at the edges neither', () => {
    const weights = [0, 3, 0, 1, 0];
    expect(pick(weights, 0)).toBe(1);
    expect(pick(weights, 0.75 - 2 ** -32)).toBe(1);
    expect(pick(weights, 0.75)).toBe(3);
    expect(pick(weights, 1 - 2 ** -32)).toBe(3);
  });

  it('gives the last index with weight where rounding leaves a rest', () => {
    // In float64, 10 x 0.1 = 1 but 0.1 added ten times is less: a draw next to 1 can pass all of them.
    const weights = [...new Array<number>(10).fill(0.1), 0];
    expect(pick(weights, 1)).toBe(9);
  });

  it('takes an index as often as its weight says', () => {
    const weights = [5, 0, 1, 4];
    const counts = [0, 0, 0, 0];
    for (let draw = 0; draw < 1000; draw++) counts[pick(weights, draw / 1000)]++;
    expect(counts).toEqual([500, 0, 100, 400]);
  });
});
