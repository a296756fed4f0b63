import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddedCorpus } from '../src/arranging/embedded-corpus.ts';
import { type BytePair, BytePairs } from '../src/encodings/byte-pairs/byte-pairs.ts';
import { withBytePairs } from '../src/encodings/byte-pairs/encoding.ts';
import { learnBytePairs } from '../src/encodings/byte-pairs/learn.ts';
import type { Encoding } from '../src/encodings/encoding.ts';
import { tx1Encoding } from '../src/encodings/lakhnes/encoding.ts';
import { LEARNT_WITH_VERSION, nesEventsBytePairsEncoding } from '../src/encodings/nes-events/byte-pairs.ts';
import { nesEventsEncoding } from '../src/encodings/nes-events/encoding.ts';
import { Random } from '../src/random.ts';
import { anySong } from './support/songs.ts';

const CLASSES = 4;
const sequences = fc.array(fc.array(fc.nat(CLASSES - 1), { maxLength: 40 }), { minLength: 1, maxLength: 6 });

/** Every pair is joined from the left on, one pair after the other, over the whole sequence. */
function mergePlainly(events: readonly number[], pairs: readonly BytePair[]): number[] {
  let merged = [...events];
  for (const [rank, [first, second]] of pairs.entries()) {
    const next: number[] = [];
    for (let index = 0; index < merged.length; index++) {
      const isPair = merged[index] === first && merged[index + 1] === second;
      next.push(isPair ? CLASSES + rank : merged[index]);
      if (isPair) index++;
    }
    merged = next;
  }
  return merged;
}

/** How often each pair of neighbours could be joined, over all sequences, and in how many of them it stands. */
function countPairs(all: readonly (readonly number[])[]) {
  const counts = new Map<string, { times: number; in: Set<number> }>();
  for (const [number, events] of all.entries()) {
    const end = new Map<string, number>();
    for (let index = 0; index + 1 < events.length; index++) {
      const key = `${events[index]} ${events[index + 1]}`;
      if ((end.get(key) ?? 0) > index) continue;
      end.set(key, events[index] === events[index + 1] ? index + 2 : 0);
      const count = counts.get(key) ?? { times: 0, in: new Set() };
      counts.set(key, { times: count.times + 1, in: count.in.add(number) });
    }
  }
  return counts;
}

const inGroups = (all: readonly (readonly number[])[]) =>
  all.map((events, index) => ({ group: `game ${index}`, events }));

describe('learnBytePairs', () => {
  it('takes the most frequent pair, each after the ones before it', () => {
    const pairs = learnBytePairs(
      inGroups([
        [0, 1, 0, 1, 0, 1, 2],
        [0, 1, 0, 1],
      ]),
      { classes: 3, count: 9, fewestGroups: 1 },
    );
    // 0 1 becomes 3 five times, then 3 3 becomes 4 twice; all else occurs once.
    expect(pairs).toEqual([
      [0, 1],
      [3, 3],
    ]);
  });

  it('leaves out what occurs in too few games, however often', () => {
    const options = { classes: 4, count: 9, fewestGroups: 2 };
    expect(
      learnBytePairs(
        inGroups([
          [0, 1, 0, 1, 0, 1, 2, 3],
          [2, 3],
        ]),
        options,
      ),
    ).toEqual([[2, 3]]);
    const oneGame = [0, 1].map(() => ({ group: 'a', events: [0, 1, 0, 1] }));
    expect(learnBytePairs(oneGame, options)).toEqual([]);
  });

  it('takes none that is less frequent than another, by plain counting', () => {
    fc.assert(
      fc.property(sequences, fc.integer({ min: 1, max: 2 }), (all, fewestGroups) => {
        const pairs = learnBytePairs(inGroups(all), { classes: CLASSES, count: 12, fewestGroups });
        for (const [rank, pair] of pairs.entries()) {
          const counts = countPairs(all.map((events) => mergePlainly(events, pairs.slice(0, rank))));
          const taken = counts.get(pair.join(' '));
          expect(taken?.in.size).toBeGreaterThanOrEqual(fewestGroups);
          const { partsOf } = bound(new BytePairs(CLASSES, pairs.slice(0, rank)));
          const spelt = new Set(pairs.slice(0, rank).map((_, index) => String(partsOf(CLASSES + index))));
          for (const [key, count] of counts) {
            const isNew = !spelt.has(String(key.split(' ').flatMap((part) => partsOf(Number(part)) ?? [])));
            if (isNew && count.in.size >= fewestGroups) expect(count.times).toBeLessThanOrEqual(taken?.times ?? 0);
          }
        }
      }),
      { seed: 8 },
    );
  });
});

const bound = (pairs: BytePairs) => ({ partsOf: (event: number) => pairs.partsOf(event) });

describe('BytePairs', () => {
  it('joins as plain replacing does, and gives the events back', () => {
    fc.assert(
      fc.property(sequences, fc.array(fc.nat(CLASSES - 1), { maxLength: 60 }), (all, events) => {
        const pairs = learnBytePairs(inGroups(all), { classes: CLASSES, count: 12, fewestGroups: 1 });
        const bytePairs = new BytePairs(CLASSES, pairs);
        const merged = bytePairs.merge(events);
        expect([...merged]).toEqual(mergePlainly(events, pairs));
        expect([...bytePairs.expand(merged)]).toEqual(events);
      }),
      { seed: 9 },
    );
  });

  it.each<[string, BytePair[], RegExp]>([
    ['a part that comes later', [[0, 5]], /^byte pair 0 \(0 5\): there is no class 5 before it/],
    [
      'two that stand for the same',
      [
        [0, 1],
        [4, 2],
        [1, 2],
        [0, 6],
      ],
      /^byte pair 3 \(0 6\): another pair stands for 0 1 2/,
    ],
  ])('refuses %s', (_, pairs, message) => {
    expect(() => new BytePairs(CLASSES, pairs)).toThrow(message);
  });

  it('refuses events that are not classes', () => {
    expect(() => new BytePairs(CLASSES, [[0, 1]]).expand([4, 5])).toThrow(/^event 1: 5 is not one of the 5 classes/);
  });
});

describe('withBytePairs', () => {
  const isLegal = (previous: number, next: number) => tx1Encoding.allowedAfter(previous)[next];
  const on = tx1Encoding.encodePitches([60, 62, 64]);
  const pairs: BytePair[] = [
    [on[0], on[1]],
    [on[1], on[2]],
    [631, on[2]],
    [633, on[3]],
  ];
  const encoding = withBytePairs(tx1Encoding, { name: 'pairs', version: 2, pairs, stepsPerBar: 80 });

  it('names itself, its size and its events', () => {
    expect(encoding).toMatchObject({ name: 'pairs', version: 3, classes: 635, exactTimes: true, stepsPerBar: 80 });
    expect(encoding.describe(634)).toBe('P1_NOTEON_60 + WT_11000 + P1_NOTEON_62 + WT_11000');
    expect(encoding.encodePitches([60, 62])).toEqual([634]);
  });

  it('gives the songs of the other encoding with fewer events', () => {
    fc.assert(
      fc.property(anySong(fc.constant(120)), (song) => {
        for (const [index, { events }] of tx1Encoding.encode(song).sequences.entries()) {
          const { sequences } = encoding.encode(song);
          expect(sequences[index].events.length).toBeLessThanOrEqual(events.length);
          expect(encoding.decode(sequences[index].events, { title: 'a' })).toEqual(
            tx1Encoding.decode(events, { title: 'a' }),
          );
        }
      }),
      { numRuns: 30, seed: 10 },
    );
  });

  it('allows what the grammar of the other encoding does', () => {
    const random = new Random(4);
    const { partsOf } = bound(new BytePairs(tx1Encoding.classes, pairs));
    for (let round = 0; round < 2_000; round++) {
      const previous = random.nextInteger(8) === 0 ? 631 + random.nextInteger(4) : random.nextInteger(635);
      const next = random.nextInteger(4) === 0 ? 631 + random.nextInteger(4) : random.nextInteger(635);
      const last = partsOf(previous)?.at(-1) ?? 0;
      const [first] = partsOf(next) ?? [0];
      expect(encoding.allowedAfter(previous)[next]).toBe(isLegal(last, first));
    }
    expect(encoding.allowedAfter(undefined)).toEqual([...tx1Encoding.allowedAfter(undefined), true, true, true, true]);
  });

  it('refuses pairs that the grammar has not', () => {
    const wrong = { name: 'wrong', version: 1, pairs: [[on[1], on[1]]] as const, stepsPerBar: 80 };
    expect(() => withBytePairs(tx1Encoding, wrong)).toThrow(/"WT_11000, WT_11000" is not in the grammar of tx1/);
  });
});

describe('nes-events-bpe', () => {
  it('has pairs that were learnt with nes-events as it is', () => {
    expect(LEARNT_WITH_VERSION).toBe(nesEventsEncoding.version);
    expect(nesEventsBytePairsEncoding.classes).toBe(nesEventsEncoding.classes + 512);
  });

  it('says music it was not learnt from with fewer events', () => {
    const songs = embeddedCorpus().filter((_, index) => index % 20 === 0);
    const eventsOf = (encoding: Encoding) =>
      songs.reduce((sum, song) => sum + encoding.encode(song).sequences[0].events.length, 0);
    expect(eventsOf(nesEventsBytePairsEncoding)).toBeLessThan(0.95 * eventsOf(nesEventsEncoding));
  });
});
