import type { Note } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Melody, NO_EVENT, NOTE_OFF } from '../src/encodings/melody/alphabet.ts';
import { type ExtractionRules, extractMelodies } from '../src/encodings/melody/extract.ts';
import { majorKey, majorKeyVotes, squash } from '../src/encodings/melody/squash.ts';
import { keyMelodyFeatures, lookbackFeatures, MAGENTA_RULES } from '../src/index.ts';
import { foldInto } from '../src/pitch.ts';
import { plainNote, songOf } from './support/songs.ts';

/*
 * note_seq (commit 35825508): the values of its own tests, and its rules written down plainly, to compare with on
 * random input.
 */

const [_, OFF] = [NO_EVENT, NOTE_OFF];
const rest = (steps: number): Melody => new Array<number>(steps).fill(_);
const classOf = (event: number) => (event < 0 ? event + 2 : event - 46);
const range = (length: number) => Array.from({ length }, (_, index) => index);

/** That of note_seq's tests of lookbacks: bars of which the second begins like the first, and the third like both. */
const LOOKBACK_MELODY = [48, _, 49, 83, OFF, ...rest(11), 48, OFF, ...rest(14), 48, OFF, 49, 82];

/** Melodies of the basic alphabet; most of them repeat a bar with changes. */
const melodies = fc
  .record({
    bar: fc.array(fc.integer({ min: 0, max: 37 }), { minLength: 16, maxLength: 16 }),
    sparse: fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
    changes: fc.array(fc.tuple(fc.nat(79), fc.integer({ min: 0, max: 37 })), { maxLength: 20 }),
  })
  .map(({ bar, sparse, changes }) => {
    const classes = range(80).map((step) => (sparse[step % 16] ? 0 : bar[step % 16]));
    for (const [step, changed] of changes) classes[step] = changed;
    return classes;
  });

describe('keys and squash, as in note_seq', () => {
  it('has the values of its tests of keys', () => {
    expect(majorKeyVotes([60])).toEqual([1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0]);
    expect(majorKeyVotes([60, 85])).toEqual([1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]);
    expect(majorKeyVotes([60, 85, 110])).toEqual([2, 2, 2, 2, 1, 2, 1, 2, 2, 2, 2, 1]);
    expect(majorKey([26, 40, 61, 78, 59, 45, 67])).toBe(2);
    expect(majorKey([25, 56, 65, 78, 39, 35, 46, 60, 32, 49, 41, 69, 51])).toBe(1);
    expect(majorKey([35])).toBe(0);
  });

  it('has the values of its tests of squash in the range 48..83', () => {
    const squashed = [60, _, 62, OFF, 64, _, 65, 74, 59, OFF];
    const octave = (by: number) => squashed.map((event) => (event < 0 ? event : event + by));
    expect(squash(octave(-12))).toEqual(squashed);
    expect(squash(octave(12))).toEqual(squashed);
    expect(squash([_, _, _, _])).toEqual([_, _, _, _]);
  });

  it('folds by octaves as its tests of transposition do', () => {
    const folded = (by: number, lowest: number, highest: number, pitches: number[]) =>
      pitches.map((pitch) => foldInto(pitch + by, lowest, highest));
    expect(folded(-5, 60, 83, [64, 65, 72])).toEqual([71, 60, 67]);
    expect(folded(19, 60, 83, [64, 65, 72])).toEqual([83, 72, 79]);
    expect(folded(0, 60, 71, [59, 60, 71, 72])).toEqual([71, 60, 71, 60]);
  });

  it('squashes any melody as its rules do', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 127 }), { maxLength: 60 }), (melody) => {
        expect(squash(melody)).toEqual(squashByRules(melody));
      }),
    );
  });
});

/** Transposed to C, moved by the octaves nearest to the middle of the range, and folded into it. */
function squashByRules(melody: Melody): Melody {
  const pitches = melody.filter((event) => event >= 0);
  if (pitches.length === 0) return melody;
  const scale = [0, 2, 4, 5, 7, 9, 11];
  const holds = (key: number) => pitches.filter((pitch) => scale.includes((pitch - key + 132) % 12)).length;
  const most = Math.max(...range(12).map(holds));
  const toC = -range(12).findIndex((key) => holds(key) === most);
  const octaves = (65.5 - ((Math.min(...pitches) + Math.max(...pitches)) / 2 + toC)) / 12;
  // Python rounds halves to the even neighbour.
  const whole = Math.abs(octaves % 1) === 0.5 ? 2 * Math.round(octaves / 2) : Math.round(octaves);
  return melody.map((event) => {
    if (event < 0) return event;
    let moved = event + toC + 12 * whole;
    while (moved < 48) moved += 12;
    while (moved > 83) moved -= 12;
    return moved;
  });
}

describe('lookback features, as in note_seq', () => {
  const classes = LOOKBACK_MELODY.map(classOf);
  const inputs = lookbackFeatures.inputsOf(classes);

  /** Step, classes of the three one-hots, counter, repeats, label. */
  it.each([
    [0, [2, 0, 0], '+----', [0, 0], 2],
    [1, [0, 0, 0], '-+---', [0, 0], 39],
    [2, [3, 0, 0], '++---', [0, 0], 3],
    [3, [37, 0, 0], '--+--', [0, 0], 37],
    [4, [1, 0, 0], '+-+--', [0, 0], 1],
    [16, [2, 0, 0], '+---+', [1, 0], 38],
    [17, [1, 3, 0], '-+--+', [0, 0], 1],
    [32, [2, 1, 0], '+----', [1, 1], 39],
    [33, [1, 0, 3], '-+---', [1, 0], 38],
    [34, [3, 0, 37], '++---', [0, 1], 39],
    [35, [36, 0, 1], '--+--', [0, 0], 36],
  ])('has the values of its test at step %i', (step, oneHots, counter, repeats, label) => {
    const row = [...inputs.slice(step * 121, (step + 1) * 121)];
    const expected = new Array<number>(114).fill(0);
    for (const [index, set] of oneHots.entries()) expected[38 * index + set] = 1;
    expect(row).toEqual([...expected, ...[...counter].map((sign) => (sign === '+' ? 1 : -1)), ...repeats]);
    expect(lookbackFeatures.labelsOf(classes)[step]).toBe(label);
    expect(lookbackFeatures.eventOf(label, classes.slice(0, step))).toBe(classes[step]);
  });

  it('reads and predicts any melody as its rules do', () => {
    const oneHot = (set: number) => range(38).map((index) => Number(index === set));
    fc.assert(
      fc.property(melodies, (events) => {
        const back = (step: number, distance: number) => (step < distance ? 0 : events[step - distance]);
        const isRepeat = (step: number, distance: number) => step >= distance && events[step] === back(step, distance);
        const rows = range(events.length).map((step) => [
          ...[...oneHot(events[step]), ...oneHot(back(step + 1, 16)), ...oneHot(back(step + 1, 32))],
          ...range(5).map((bit) => (Math.floor((step + 1) / 2 ** bit) % 2 === 1 ? 1 : -1)),
          ...[Number(isRepeat(step, 16)), Number(isRepeat(step, 32))],
        ]);
        expect([...lookbackFeatures.inputsOf(events)]).toEqual(rows.flat());
        const labels = range(events.length).map((step) => {
          if ((step < 32 && events[step] === 0) || isRepeat(step, 32)) return 39;
          return isRepeat(step, 16) ? 38 : events[step];
        });
        expect([...lookbackFeatures.labelsOf(events)]).toEqual(labels);
      }),
      { numRuns: 40 },
    );
  });
});

describe('key-melody features, as in note_seq', () => {
  const classes = LOOKBACK_MELODY.map(classOf);
  const inputs = keyMelodyFeatures.inputsOf(classes);
  const [single, ofThree, ofTwo, pair] = ['11.1.1.11.1.', '111.1.1111.1', '11.....11...', '.1......1...'];

  /** Step, pitch, attack, contour, repeats, counter, bar, keys of the melody and of the last three notes, label. */
  it.each([
    [0, 48, 1, 0, [0, 0], '+------', 0, single, single, 0],
    [1, 48, 0, 0, [0, 0], '-+-----', 0, single, single, 39],
    [2, 49, 1, 1, [0, 0], '++-----', 0, pair, pair, 1],
    [3, 83, 1, 1, [0, 0], '--+----', 0, ofThree, ofThree, 35],
    // The attack of a note that ends at once is still told at its note-off.
    [4, undefined, 1, 1, [0, 0], '+-+----', 0, ofThree, ofThree, 37],
    [15, undefined, 0, 1, [0, 0], '----+--', 1, ofThree, ofThree, 39],
    [16, 48, 1, -1, [1, 0], '+---+--', 0, ofTwo, ofThree, 38],
    [17, undefined, 1, -1, [0, 0], '-+--+--', 0, ofTwo, ofThree, 37],
    [32, 48, 1, -1, [1, 1], '+----+-', 0, ofTwo, ofThree, 39],
    [33, undefined, 1, -1, [1, 0], '-+---+-', 0, ofTwo, ofThree, 38],
    [34, 49, 1, 1, [0, 1], '++---+-', 0, pair, ofThree, 39],
    [35, 82, 1, 1, [0, 0], '--+--+-', 0, pair, pair, 34],
  ])(
    'has the values of its test at step %i',
    (step, pitch, attack, contour, repeats, counter, bar, keys, recentKeys, label) => {
      const row = [...inputs.slice(step * 74, (step + 1) * 74)];
      const bits = (text: string) => [...text].map((sign) => Number(sign === '1'));
      const sounds = pitch === undefined ? 0 : 1;
      expect(row).toEqual([
        ...range(36).map((index) => Number(48 + index === pitch)),
        ...[sounds, 1 - sounds, attack, contour, ...repeats],
        ...[...counter].map((sign) => (sign === '+' ? 1 : -1)),
        ...[bar, ...bits(keys), ...bits(recentKeys)],
      ]);
      expect(keyMelodyFeatures.labelsOf(classes)[step]).toBe(label);
      expect(keyMelodyFeatures.eventOf(label, classes.slice(0, step))).toBe(classes[step]);
    },
  );

  it('reads any melody as its rules do', () => {
    fc.assert(
      fc.property(melodies, fc.nat(79), (events, step) => {
        const row = [...keyMelodyFeatures.inputsOf(events).slice(step * 74, (step + 1) * 74)];
        expect(row).toEqual(keyMelodyRowByRules(events.slice(0, step + 1)));
      }),
    );
  });

  it('predicts any melody as its rules do', () => {
    fc.assert(
      fc.property(melodies, (events) => {
        const isRepeat = (step: number, distance: number) =>
          step >= distance && events[step] === events[step - distance];
        const labels = events.map((event, step) => {
          if ((step < 32 && event === 0) || isRepeat(step, 32)) return 39;
          if (isRepeat(step, 16)) return 38;
          return event < 2 ? 36 + event : event - 2;
        });
        expect([...keyMelodyFeatures.labelsOf(events)]).toEqual(labels);
      }),
    );
  });
});

/** The inputs at the last step of a melody of classes, worked out from all of it. */
function keyMelodyRowByRules(events: readonly number[]): number[] {
  const last = events.length - 1;
  const pitches = events.filter((event) => event >= 2).map((event) => event + 46);
  const lastChange = events.findLast((event) => event !== 0);
  const sounding = lastChange === undefined || lastChange === 1 ? undefined : lastChange + 46;
  // No event ends the attack of a note, a note-off does not.
  const attack = events.findLast((event) => event !== 1) ?? 0;
  const turn = pitches.findLastIndex((pitch, index) => index > 0 && pitch !== pitches[index - 1]);
  const contour = turn < 0 ? 0 : Math.sign(pitches[turn] - pitches[turn - 1]);
  const recent = [...new Set(pitches.toReversed())].slice(0, 3);
  const repeats = [16, 32].map((distance) => Number(last >= distance && events[last] === events[last - distance]));
  return [
    ...range(36).map((index) => Number(48 + index === sounding)),
    ...[Number(sounding !== undefined), Number(sounding === undefined), Number(attack >= 2), contour, ...repeats],
    ...range(7).map((bit) => (Math.floor(events.length / 2 ** bit) % 2 === 1 ? 1 : -1)),
    ...[Number(events.length % 16 === 0), ...bestKeys(pitches), ...bestKeys(recent)],
  ];
}

/** 1 for each major key that holds the most of the pitches. */
function bestKeys(pitches: readonly number[]): number[] {
  const scale = [0, 2, 4, 5, 7, 9, 11];
  const votes = range(12).map((key) => pitches.filter((pitch) => scale.includes((pitch - key + 12) % 12)).length);
  return votes.map((vote) => Number(vote === Math.max(...votes)));
}

/** A 16th at 120 bpm. */
const STEP = 5512.5;
const noteAt = (from: number, to: number, pitch: number): Note =>
  plainNote(Math.round(from * STEP), Math.round(to * STEP), pitch);

describe('extraction of melodies, as in note_seq', () => {
  /** Of times in quarter notes, as its tests have them. */
  const melodiesOf = (notes: [pitch: number, from: number, to: number][], beats = 4, unit: 4 | 8 = 4) => {
    const voice = notes.map(([pitch, from, to]) => noteAt(4 * from, 4 * to, pitch));
    const song = songOf({ pulse1: voice }, { meter: { beats, unit, origin: 'given' } });
    return extractMelodies(voice, song, { ...MAGENTA_RULES, minimumBars: 0, minimumPitchClasses: 0 }).melodies;
  };

  it('has the values of its tests', () => {
    // The first note is cut where the second begins, as a voice has it; in the source it is written longer.
    const notes: [number, number, number][] = [
      [12, 0.01, 0.22],
      [11, 0.22, 0.5],
      [40, 2.5, 3.5],
      [55, 4, 4.01],
      [52, 4.75, 5],
    ];
    const expected = [12, 11, OFF, ...rest(7), 40, ...rest(3), OFF, _, 55, OFF, _, 52];
    expect(melodiesOf(notes)).toEqual([expected]);
    expect(melodiesOf(notes, 7, 8)).toEqual([expected]);
    expect(
      melodiesOf([
        [12, 1.5, 1.75],
        [11, 2, 2.25],
      ]),
    ).toEqual([[...rest(6), 12, OFF, 11]]);
    expect(
      melodiesOf([
        [12, 1, 2],
        [13, 2, 3.25],
        [11, 3.25, 3.75],
      ]),
    ).toEqual([[...rest(4), 12, ...rest(3), 13, ...rest(4), 11, _]]);
  });

  it('discards a voice in which two notes start in one step', () => {
    expect(
      melodiesOf([
        [12, 0, 0.1],
        [11, 0.1, 0.5],
      ]),
    ).toEqual([]);
  });

  /** Voices of notes and rests in ninths of a step (so that none lies half-way), some rests longer than a bar. */
  const voices = fc.array(
    fc.record({
      rest: fc.oneof(fc.constant(0), fc.nat(40), fc.nat(220)),
      length: fc.integer({ min: 5, max: 60 }),
      pitch: fc.integer({ min: 48, max: 60 }),
    }),
    { minLength: 20, maxLength: 40 },
  );

  it('takes the melodies out of any voice as its rules do', () => {
    fc.assert(
      fc.property(voices, fc.nat(100), (items, start) => {
        let now = start;
        const notes = items.map(({ rest: pause, length, pitch }) => {
          const from = now + pause;
          now = from + length;
          return { from: from / 9, to: now / 9, pitch };
        });
        const rules: ExtractionRules = { ...MAGENTA_RULES, minimumBars: 2, minimumPitchClasses: 3, maximumSteps: 48 };
        const voice = notes.map(({ from, to, pitch }) => noteAt(from, to, pitch));
        expect(extractMelodies(voice, songOf({ pulse1: voice }), rules).melodies).toEqual(extractByRules(notes));
      }),
      { numRuns: 300 },
    );
  });
});

/** Two bars, three pitch classes, 48 steps at most, a gap of a bar, and no two notes in a step. Times in steps. */
function extractByRules(notes: readonly { from: number; to: number; pitch: number }[]): Melody[] {
  const stepOf = (time: number) => Math.floor(time + 0.5);
  const quantised = notes.map(({ from, to, pitch }) => {
    const [start, end] = [stepOf(from), stepOf(to)];
    return { start, end: end === start ? end + 1 : end, pitch };
  });
  const found: Melody[] = [];
  let left = quantised;
  while (left.length > 0) {
    const origin = left[0].start - (left[0].start % 16);
    const melody: Melody = [];
    let taken = 0;
    for (const { start, end, pitch } of left) {
      const lastOn = melody.findLastIndex((event) => event >= 0);
      const lastOff = melody.lastIndexOf(OFF);
      if (taken > 0 && start - origin === lastOn) return found;
      if (taken > 0 && start - origin - lastOff >= 16) break;
      melody.length = Math.min(melody.length, start - origin);
      melody.push(...rest(end - origin + 1 - melody.length));
      melody[start - origin] = pitch;
      melody[end - origin] = OFF;
      taken++;
    }
    melody.pop();
    left = left.slice(taken);
    if (melody.length < 2 * 16) continue;
    const cut = melody.slice(0, 48);
    const pitchClasses = new Set(cut.filter((event) => event >= 0).map((pitch) => pitch % 12));
    if (pitchClasses.size >= 3) found.push(cut);
  }
  return found;
}
