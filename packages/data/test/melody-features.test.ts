import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyMelodyFeatures, lookbackFeatures, melodyEncoding } from '../src/index.ts';

/** Classes of a melody: 0 goes on, 1 is a note-off, else a pitch. */
const classes = (events: readonly (number | '-' | 'off')[]): number[] =>
  events.map((event) => (event === '-' ? 0 : event === 'off' ? 1 : event - 46));

const melodies = fc.array(fc.integer({ min: 0, max: melodyEncoding.classes - 1 }), { minLength: 1, maxLength: 80 });
/** Melodies that repeat themselves after one or two bars, mostly. */
const repeating = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 16, maxLength: 32 }),
    fc.array(fc.tuple(fc.nat(90), fc.integer({ min: 0, max: 37 })), { maxLength: 5 }),
  )
  .map(([bar, changes]) => {
    const events = Array.from({ length: 96 }, (_, step) => bar[step % bar.length]);
    for (const [step, event] of changes) events[step] = event;
    return events;
  });

/** Names the inputs of a row that are not 0. */
const nonZero = (row: Float32Array) => Object.fromEntries([...row.entries()].filter(([, value]) => value !== 0));

describe.each([lookbackFeatures, keyMelodyFeatures])('$name features', (features) => {
  it('reads each label back as the event it was made of', () => {
    fc.assert(
      fc.property(fc.oneof(melodies, repeating), (events) => {
        const again: number[] = [];
        for (const label of features.labelsOf(events)) again.push(features.eventOf(label, again));
        expect(again).toEqual(events);
      }),
    );
  });

  it('never looks ahead: the inputs of a part are those of the whole', () => {
    fc.assert(
      fc.property(fc.oneof(melodies, repeating), fc.nat(), (events, cut) => {
        const part = events.slice(0, 1 + (cut % events.length));
        const whole = features.inputsOf(events);
        expect(features.inputsOf(part)).toEqual(whole.slice(0, part.length * features.inputs));
      }),
    );
  });

  it('gives any stretch of the rows and labels of the whole', () => {
    fc.assert(
      fc.property(fc.oneof(melodies, repeating), fc.nat(), fc.nat(), (events, one, other) => {
        const [from, to] = [one, other].map((end) => end % (events.length + 1)).sort((a, b) => a - b);
        const rows = features.inputsOf(events).slice(from * features.inputs, to * features.inputs);
        expect(features.inputsOf(events, from, to)).toEqual(rows);
        expect(features.labelsOf(events, from, to)).toEqual(features.labelsOf(events).slice(from, to));
      }),
    );
  });

  it('gives 40 labels: the farther repeat before the nearer, and no event is one before there is history', () => {
    expect(features.labels).toBe(40);
    const bar = classes([60, '-', 'off', 62, ...new Array(12).fill('-')]);
    const other = classes([65, 67, 69, 71, ...new Array(12).fill('-')]);
    const labels = features.labelsOf([...bar, ...bar, ...bar, ...other]);
    expect(labels[1]).toBe(39);
    expect(labels[16]).toBe(38);
    expect(labels[32]).toBe(39);
    expect(features.eventOf(38, bar.slice(0, 15))).toBe(0);
    expect(features.eventOf(39, [...bar, ...bar].slice(0, 31))).toBe(0);
  });
});

describe('lookback features', () => {
  it('has 121 inputs: three one-hots of 38, five counter bits, two repeats', () => {
    expect(lookbackFeatures.inputs).toBe(121);
    const bar = classes([60, '-', 64, ...new Array(13).fill('-')]);
    const rows = lookbackFeatures.inputsOf([...bar, ...bar, ...bar]);
    const row = (step: number) => nonZero(rows.slice(step * 121, (step + 1) * 121));
    // Step 0: its pitch 60 is class 14; nothing before; the next step is 00001.
    expect(row(0)).toEqual({ 14: 1, 38: 1, 76: 1, 114: 1, 115: -1, 116: -1, 117: -1, 118: -1 });
    // Step 15: the next step is 16 = 10000, and 16 before it lies the pitch 60.
    expect(row(15)).toEqual({ 0: 1, [38 + 14]: 1, 76: 1, 114: -1, 115: -1, 116: -1, 117: -1, 118: 1 });
    // Step 33 goes on as 16 and 32 before; the next step, 34 = (1)00010, has pitch 64, class 18, before it both times.
    expect(row(33)).toEqual({
      ...{ 0: 1, [38 + 18]: 1, [76 + 18]: 1 },
      ...{ 114: -1, 115: 1, 116: -1, 117: -1, 118: -1, 119: 1, 120: 1 },
    });
  });

  it('keeps the classes as labels where nothing repeats', () => {
    expect([...lookbackFeatures.labelsOf(classes([60, 'off', 83]))]).toEqual([14, 1, 37]);
  });
});

describe('key-melody features', () => {
  const keysOf = (offset: number, keys: number[]) => Object.fromEntries(keys.map((key) => [offset + key, 1]));

  it('has 74 inputs: what sounds, attack, contour, repeats, counter, bar, keys', () => {
    expect(keyMelodyFeatures.inputs).toBe(74);
    const rows = keyMelodyFeatures.inputsOf(classes([60, '-', 64, 'off']));
    const row = (step: number) => nonZero(rows.slice(step * 74, (step + 1) * 74));
    // C is in C, Db, Eb, F, G, Ab and Bb major.
    const ofC = [0, 1, 3, 5, 7, 8, 10];
    // E is in C, D, E, F, G, A and B major: C and E together in C, F and G.
    const ofBoth = [0, 5, 7];
    const counter = (bits: number[]) => Object.fromEntries(bits.map((bit, index) => [42 + index, bit]));
    expect(row(0)).toEqual({
      ...{ 12: 1, 36: 1, 38: 1 },
      ...counter([1, -1, -1, -1, -1, -1, -1]),
      ...keysOf(50, ofC),
      ...keysOf(62, ofC),
    });
    expect(row(1)).toEqual({
      ...{ 12: 1, 36: 1 },
      ...counter([-1, 1, -1, -1, -1, -1, -1]),
      ...keysOf(50, ofC),
      ...keysOf(62, ofC),
    });
    expect(row(2)).toEqual({
      ...{ 16: 1, 36: 1, 38: 1, 39: 1 },
      ...counter([1, 1, -1, -1, -1, -1, -1]),
      ...keysOf(50, ofBoth),
      ...keysOf(62, ofBoth),
    });
    // The note-off comes right after the attack, which the source still counts.
    expect(row(3)).toEqual({
      ...{ 37: 1, 38: 1, 39: 1 },
      ...counter([-1, -1, 1, -1, -1, -1, -1]),
      ...keysOf(50, ofBoth),
      ...keysOf(62, ofBoth),
    });
  });

  it('takes an attack for over after a step of holding', () => {
    const rows = keyMelodyFeatures.inputsOf(classes([60, '-', 'off', '-']));
    expect([0, 1, 2, 3].map((step) => rows[step * 74 + 38])).toEqual([1, 0, 0, 0]);
  });

  it('has every key before the first note, and the bar before its first step', () => {
    const rows = keyMelodyFeatures.inputsOf(new Array<number>(16).fill(0));
    const last = rows.slice(15 * 74);
    expect([...last.slice(50)]).toEqual(new Array<number>(24).fill(1));
    expect([last[37], last[49], rows[49]]).toEqual([1, 1, 0]);
  });

  it('forgets all but the last three different pitches for the recent keys', () => {
    // F sharp, then C, E, G: the recent ones are in C, F(no B: C E G yes) and G.
    const rows = keyMelodyFeatures.inputsOf(classes([66, 60, 64, 67, 64]));
    const recent = [...rows.slice(4 * 74 + 62, 5 * 74)].flatMap((value, key) => (value ? [key] : []));
    expect(recent).toEqual([0, 5, 7]);
    expect(rows[4 * 74 + 39]).toBe(-1);
  });

  it('orders labels by pitch, no event, note-off', () => {
    expect([...keyMelodyFeatures.labelsOf(classes([48, 83, 'off']))]).toEqual([0, 35, 37]);
    const silent = [...new Array<number>(32).fill(14), 0];
    expect(keyMelodyFeatures.labelsOf(silent)[32]).toBe(36);
  });
});
