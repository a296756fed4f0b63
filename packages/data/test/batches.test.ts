import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchSampler, DataError, deriveSeed, Random } from '../src/index.ts';

/** Sequences whose events tell where they are: 100 * sequence + position. */
const numbered = (lengths: number[]) =>
  lengths.map((length, index) => Uint16Array.from({ length }, (_, position) => 100 * (index + 1) + position));

const anyLengths = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 8 });
const size = fc.integer({ min: 1, max: 12 });

describe('BatchSampler', () => {
  it('predicts at each position the next event of the same sequence, and masks the rest', () => {
    fc.assert(
      fc.property(anyLengths, size, size, fc.nat(20), (lengths, batch, length, step) => {
        const { inputs, targets, mask } = new BatchSampler(numbered(lengths), { batch, length, seed: 5 }).at(step);
        expect([inputs.length, targets.length, mask.length]).toEqual(new Array(3).fill(batch * length));
        for (let lane = 0; lane < batch; lane++) {
          const at = (time: number) => time * batch + lane;
          expect(mask[at(0)]).toBe(1);
          for (let time = 0; time < length; time++) {
            if (mask[at(time)] === 0) {
              expect([inputs[at(time)], targets[at(time)]]).toEqual([0, 0]);
            } else {
              expect(targets[at(time)]).toBe(inputs[at(time)] + 1);
              if (time > 0) expect(inputs[at(time)]).toBe(targets[at(time - 1)]);
            }
          }
        }
      }),
    );
  });

  it('is a pure function of seed and step', () => {
    const sequences = numbered([50, 7, 33, 90]);
    const options = { batch: 4, length: 8, seed: 9 };
    const forwards = new BatchSampler(sequences, options);
    const batches = Array.from({ length: 30 }, (_, step) => forwards.at(step));
    const resumed = new BatchSampler(sequences, options);
    for (const step of [29, 3, 17, 0]) expect(resumed.at(step)).toEqual(batches[step]);
    const other = new BatchSampler(sequences, { ...options, seed: 10 });
    expect(other.at(0)).not.toEqual(batches[0]);
  });

  it('draws each sequence once per window in each epoch, shifted from epoch to epoch', () => {
    const lengths = [41, 5, 17];
    const sampler = new BatchSampler(numbered(lengths), { batch: 1, length: 8, seed: 2 });
    // 40, 4 and 16 predictions in windows of 8.
    expect(sampler.windows).toBe(5 + 1 + 2);
    const starts = (epoch: number) =>
      Array.from({ length: sampler.windows }, (_, index) => sampler.at(epoch * sampler.windows + index).inputs[0]);
    const perSequence = (epoch: number) =>
      [1, 2, 3].map((number) => starts(epoch).filter((start) => Math.floor(start / 100) === number).length);
    expect([perSequence(0), perSequence(1)]).toEqual([
      [5, 1, 2],
      [5, 1, 2],
    ]);
    const shifts = new Set(
      Array.from({ length: 20 }, (_, epoch) => Math.max(...starts(epoch).filter((start) => start < 116))),
    );
    expect(shifts.size).toBeGreaterThan(3);
  });

  it('sees every prediction within a few epochs', () => {
    const sampler = new BatchSampler(numbered([30]), { batch: 1, length: 8, seed: 1 });
    const seen = new Set(Array.from({ length: 80 }, (_, step) => [...sampler.at(step).targets]).flat());
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 29 }, (_, index) => 101 + index));
  });

  it('refuses what gives no batch', () => {
    expect(() => new BatchSampler([[1]], { batch: 1, length: 4, seed: 1 })).toThrow(DataError);
    expect(() => new BatchSampler([[1, 2]], { batch: 0, length: 4, seed: 1 })).toThrow(/batches, batch: 0/);
  });
});

describe('Random', () => {
  it('gives the same numbers for the same seed, for ever', () => {
    const random = new Random(1);
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toMatchInlineSnapshot(`
      [
        2527132011,
        314344336,
        2535364964,
      ]
    `);
  });

  it('is even over its range', () => {
    const random = new Random(3);
    const counts = new Array(10).fill(0);
    for (let draw = 0; draw < 100_000; draw++) counts[random.nextInteger(10)]++;
    // Chi-squared with 9 degrees of freedom stays below 27.9 in 999 of 1000 cases.
    const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquared).toBeLessThan(27.9);
  });

  it('permutes, and derives other seeds for other parts', () => {
    const order = new Random(4).permutation(100);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(order).not.toEqual(new Random(5).permutation(100));
    const seeds = [
      deriveSeed(1),
      deriveSeed(1, 0),
      deriveSeed(1, 1),
      deriveSeed(1, 0, 1),
      deriveSeed(1, 1, 0),
      deriveSeed(2, 0),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
  });
});
