import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Augment,
  BatchSampler,
  type Cutting,
  DataError,
  deriveSeed,
  Random,
  sequenceOf,
  WHOLE_SEQUENCES,
  type WindowBatch,
} from '../src/index.ts';

/** Sequences whose events tell where they are: 100 * sequence + position. */
const numbered = (lengths: number[]) =>
  lengths.map((length, index) => sequenceOf(Array.from({ length }, (_, position) => 100 * (index + 1) + position)));

const anyLengths = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 8 });
const size = fc.integer({ min: 1, max: 12 });

/** The events that each window of a batch predicts from. */
const lanesOf = ({ windows }: WindowBatch): number[][] =>
  windows.map(({ events, start, length }) => [...events.subarray(start, start + length)]);

describe('BatchSampler', () => {
  it('gives windows that lie within their sequences, as long as asked where those are long enough', () => {
    fc.assert(
      fc.property(anyLengths, size, size, fc.nat(20), (lengths, batch, length, step) => {
        const drawn = new BatchSampler(numbered(lengths), { batch, length, seed: 5 }).at(step);
        expect([drawn.length, drawn.windows.length]).toEqual([length, batch]);
        for (const { events, start, length: own } of drawn.windows) {
          expect(own).toBe(Math.min(length, events.length - 1));
          expect(start).toBeGreaterThanOrEqual(0);
          expect(start + own).toBeLessThan(events.length);
        }
      }),
    );
  });

  it('counts windows in other units, and takes whole sequences', () => {
    const pairs: Cutting = { unitsOf: ({ length }) => Math.floor(length / 2), barOf: () => 3 };
    const sampler = new BatchSampler(numbered([41, 1, 9]), { batch: 1, length: 8, seed: 2, cutting: pairs });
    // 20, 0 and 4 pairs in windows of 8.
    expect(sampler.windows).toBe(3 + 1);
    for (let step = 0; step < 20; step++) {
      const [{ events, start, length }] = sampler.at(step).windows;
      expect([start % 3, start + length <= Math.floor(events.length / 2)]).toEqual([0, true]);
    }
    const whole = new BatchSampler(numbered([41, 1, 9]), { batch: 3, length: 1, seed: 2, cutting: WHOLE_SEQUENCES });
    expect(whole.padding).toBe(0);
    const { windows } = whole.at(0);
    expect(windows.map(({ start, length }) => [start, length])).toEqual(new Array(3).fill([0, 1]));
    expect(windows.map(({ events }) => events.length).sort((a, b) => a - b)).toEqual([1, 9, 41]);
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
      Array.from({ length: sampler.windows }, (_, index) => lanesOf(sampler.at(epoch * sampler.windows + index))[0][0]);
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
    const seen = new Set(Array.from({ length: 80 }, (_, step) => lanesOf(sampler.at(step))[0]).flat());
    expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: 29 }, (_, index) => 100 + index));
  });

  it('begins windows on bar lines, where sequences have bars', () => {
    const bars = [12, 16, 6, 40];
    const sequences = numbered([77, 50, 30, 30]).map((sequence, index) => ({ ...sequence, bar: bars[index] }));
    const sampler = new BatchSampler(sequences, { batch: 1, length: 20, seed: 4 });
    const seen = new Map<number, Set<number>>();
    for (let step = 0; step < 400; step++) {
      const [first] = lanesOf(sampler.at(step))[0];
      const [sequence, start] = [Math.floor(first / 100) - 1, first % 100];
      seen.set(sequence, (seen.get(sequence) ?? new Set()).add(start));
    }
    const starts = [0, 1, 2, 3].map((sequence) => [...(seen.get(sequence) ?? [])].sort((a, b) => a - b));
    expect(starts).toEqual([[0, 12, 24, 36, 48, 60], [0, 16, 32], [0, 6, 12], [0]]);
  });

  it('gives each sequence the shortest length that holds it, and batches each length by itself', () => {
    const lengths = [5, 9, 10, 17, 40, 3, 8];
    const sequences = numbered(lengths);
    const sampler = new BatchSampler(sequences, { batch: 2, length: [16, 4, 8], seed: 3 });
    expect(sampler.lengths).toEqual([4, 8, 16]);
    // Predictions 4 and 2 in windows of 4; 8 and 7 of 8; 9, 16 and 39 of 16, three windows for 39.
    expect(sampler.windows).toBe(2 + 2 + 5);
    expect(sampler.padding).toBeCloseTo((2 + 1 + 7) / (2 * 4 + 2 * 8 + 5 * 16), 12);
    expect(sampler.stepsPerEpoch).toBe(1 + 1 + 3);
    const seen = new Map<number, number>();
    for (let step = 0; step < 2 * sampler.stepsPerEpoch; step++) {
      const batch = sampler.at(step);
      for (const events of lanesOf(batch)) {
        const sequence = Math.floor(events[0] / 100) - 1;
        const fitting = [4, 8, 16].find((length) => lengths[sequence] - 1 <= length) ?? 16;
        expect(batch.length).toBe(fitting);
        seen.set(sequence, (seen.get(sequence) ?? 0) + 1);
      }
    }
    // Two rounds: each sequence of a full bucket twice; the five windows of length 16 fill six batches of two.
    expect([seen.get(0), seen.get(5), seen.get(1), seen.get(6)]).toEqual([2, 2, 2, 2]);
    expect([2, 3, 4].reduce((sum, sequence) => sum + (seen.get(sequence) ?? 0), 0)).toBe(12);
  });

  it('reads and changes each sequence once an epoch, other pools never at once, and ahead of need', () => {
    const read: number[] = [];
    const places = new Set<string>();
    const sequences = Array.from({ length: 1200 }, (_, index) => ({
      length: 9,
      read: () => {
        read.push(index);
        return Uint16Array.from({ length: 9 }, (__, position) => position);
      },
    }));
    const augment: Augment = (events, { epoch, index }) => {
      places.add(`${epoch} ${index}`);
      return events.map((event) => event + 100 * (epoch + 1));
    };
    const sampler = new BatchSampler(sequences, { batch: 16, length: 4, seed: 1, augment });
    const most = { read: 0 };
    for (let step = 0; step < sampler.stepsPerEpoch; step++) {
      const before = read.length;
      expect(Math.min(...lanesOf(sampler.at(step)).flat())).toBeGreaterThanOrEqual(100);
      if (step > 0) most.read = Math.max(most.read, read.length - before);
    }
    // Pools of 512, 512 and 176, of two windows each: 64, 64 and 22 steps. The first step reads one whole pool; in the
    // last 22 steps the 512 sequences that begin the next epoch are read.
    expect(most.read).toBeLessThanOrEqual(Math.ceil((512 / 176 / 2) * 16));
    const first = read.slice(0, 1200);
    expect(new Set(first).size).toBe(1200);
    expect(places.size).toBe(read.length);
    // The next epoch's first pool is read while the last of this one is used.
    expect(read.length).toBe(1200 + 512);
  });

  it('refuses what gives no batch', () => {
    expect(() => new BatchSampler([sequenceOf([1])], { batch: 1, length: 4, seed: 1 })).toThrow(DataError);
    expect(() => new BatchSampler([sequenceOf([1, 2])], { batch: 0, length: 4, seed: 1 })).toThrow(/batches, batch: 0/);
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
