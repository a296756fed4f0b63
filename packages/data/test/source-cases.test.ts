import { describe, expect, it } from 'vitest';
import {
  keyMelodyFeatures,
  lookbackFeatures,
  type MelodyFeatures,
  performanceEncoding,
  performanceVelocityEncoding,
  polyphonyEncoding,
} from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

// Inputs and results of the unit tests of note_seq and magenta, the projects that these encodings come from.

/** Of Lookback and KeyMelody: [48, hold, 49, 83, off] and a bar on 48, off, and a bar on 48, off, 49, 82. */
const MELODY = (() => {
  const [HOLD, OFF] = [0, 1];
  const rest = (steps: number) => new Array<number>(steps).fill(HOLD);
  const note = (pitch: number) => pitch - 46;
  return [
    ...[note(48), HOLD, note(49), note(83), OFF, ...rest(11)],
    ...[note(48), OFF, ...rest(14)],
    ...[note(48), OFF, note(49), note(82)],
  ];
})();

/** The inputs of some steps that are 1, and those that are -1. */
function inputsAt({ inputs, inputsOf }: MelodyFeatures, steps: readonly number[]) {
  const rows = inputsOf(MELODY);
  return steps.map((step) => {
    const row = [...rows.slice(step * inputs, (step + 1) * inputs)];
    const at = (wanted: number) => row.flatMap((value, index) => (value === wanted ? index : []));
    return { ones: at(1), minusOnes: at(-1) };
  });
}

describe("note_seq's test of the Lookback encoder", () => {
  const STEPS = [0, 1, 2, 3, 4, 16, 17, 32, 33, 34, 35];

  it('has its inputs: this event, those 16 and 32 before the next, the counter, and the repeats', () => {
    /** The next step counts 1 to 31 and again from 0, in five bits that are 1 or -1. */
    const row = (step: number, one: number, two: number, three: number, ...repeats: number[]) => {
      const bits = [0, 1, 2, 3, 4].map((bit) => ((step + 1) >> bit) & 1);
      const counter = (wanted: number) => bits.flatMap((bit, index) => (bit === wanted ? 114 + index : []));
      return { ones: [one, 38 + two, 76 + three, ...counter(1), ...repeats], minusOnes: counter(0) };
    };
    expect(inputsAt(lookbackFeatures, STEPS)).toEqual([
      row(0, 2, 0, 0),
      row(1, 0, 0, 0),
      row(2, 3, 0, 0),
      row(3, 37, 0, 0),
      row(4, 1, 0, 0),
      row(16, 2, 0, 0, 119),
      row(17, 1, 3, 0),
      row(32, 2, 1, 0, 119, 120),
      row(33, 1, 0, 3, 119),
      row(34, 3, 0, 37, 120),
      row(35, 36, 0, 1),
    ]);
  });

  it('has its labels, and reads them back', () => {
    const labels = [2, 39, 3, 37, 1, 38, 1, 39, 38, 39, 36];
    expect(STEPS.map((step) => lookbackFeatures.labelsOf(MELODY)[step])).toEqual(labels);
    for (const [index, step] of STEPS.entries()) {
      expect(lookbackFeatures.eventOf(labels[index], MELODY.slice(0, step))).toBe(MELODY[step]);
    }
  });
});

describe("note_seq's test of the KeyMelody encoder", () => {
  const STEPS = [0, 1, 2, 3, 4, 15, 16, 17, 32, 33, 34, 35];
  const OF_48 = [0, 1, 3, 5, 7, 8, 10];
  const OF_48_49 = [1, 8];
  const OF_48_49_83 = [0, 1, 2, 4, 6, 7, 8, 9, 11];
  const OF_ALL = [0, 1, 7, 8];

  it('has its inputs: pitch, state, attack, contour, repeats, counter, bar, keys of all and of the last notes', () => {
    const row = (step: number, state: readonly number[], contour: number, all: number[], recent: number[]) => {
      const bits = [0, 1, 2, 3, 4, 5, 6].map((bit) => ((step + 1) >> bit) & 1);
      const counter = (wanted: number) => bits.flatMap((bit, index) => (bit === wanted ? 42 + index : []));
      const flat = (values: number[]) => values.toSorted((a, b) => a - b);
      const keys = [...all.map((key) => 50 + key), ...recent.map((key) => 62 + key)];
      return {
        ones: flat([...state, ...(contour > 0 ? [39] : []), ...counter(1), ...keys]),
        minusOnes: [...(contour < 0 ? [39] : []), ...counter(0)],
      };
    };
    const [PLAYS, RESTS, ATTACK, REPEATS_16, REPEATS_32, BAR] = [36, 37, 38, 40, 41, 49];
    expect(inputsAt(keyMelodyFeatures, STEPS)).toEqual([
      row(0, [0, PLAYS, ATTACK], 0, OF_48, OF_48),
      row(1, [0, PLAYS], 0, OF_48, OF_48),
      row(2, [1, PLAYS, ATTACK], 1, OF_48_49, OF_48_49),
      row(3, [35, PLAYS, ATTACK], 1, OF_48_49_83, OF_48_49_83),
      row(4, [RESTS, ATTACK], 1, OF_48_49_83, OF_48_49_83),
      row(15, [RESTS, BAR], 1, OF_48_49_83, OF_48_49_83),
      row(16, [0, PLAYS, ATTACK, REPEATS_16], -1, OF_ALL, OF_48_49_83),
      row(17, [RESTS, ATTACK], -1, OF_ALL, OF_48_49_83),
      row(32, [0, PLAYS, ATTACK, REPEATS_16, REPEATS_32], -1, OF_ALL, OF_48_49_83),
      row(33, [RESTS, ATTACK, REPEATS_16], -1, OF_ALL, OF_48_49_83),
      row(34, [1, PLAYS, ATTACK, REPEATS_32], 1, OF_48_49, OF_48_49_83),
      row(35, [34, PLAYS, ATTACK], 1, OF_48_49, OF_48_49),
    ]);
  });

  it('has its labels, and reads them back', () => {
    const labels = [0, 39, 1, 35, 37, 39, 38, 37, 39, 38, 39, 34];
    expect(STEPS.map((step) => keyMelodyFeatures.labelsOf(MELODY)[step])).toEqual(labels);
    for (const [index, step] of STEPS.entries()) {
      expect(keyMelodyFeatures.eventOf(labels[index], MELODY.slice(0, step))).toBe(MELODY[step]);
    }
  });
});

/** A 16th at 120 bpm. */
const at = (step: number) => Math.round(step * 5512.5);
/** Start, end and pitch of what the three voices play. */
const played = ({ voices }: ReturnType<typeof polyphonyEncoding.decode>) =>
  [...voices.pulse1, ...voices.pulse2, ...voices.triangle]
    .map(({ start, end, pitch }) => [start, end, pitch])
    .sort((a, b) => a[0] - b[0] || a[2] - b[2]);

describe("magenta's tests of polyphonic sequences", () => {
  const [START, END, STEP_END] = [0, 1, 2];
  const on = (pitch: number) => 3 + pitch;
  const goesOn = (pitch: number) => 131 + pitch;

  it('writes each step from above, whatever goes on and whatever starts', () => {
    // A step of the source's case is half a bar here: shorter songs are left out.
    const note = (start: number, end: number, pitch: number) => plainNote(at(8 * start), at(8 * end), pitch);
    const song = songOf({ pulse1: [note(0, 4, 60)], pulse2: [note(0, 3, 64)], triangle: [note(1, 2, 67)] });
    const [{ events }] = polyphonyEncoding.encode(song).sequences;
    const held = (count: number, ...pitches: number[]) =>
      Array.from({ length: count }, () => [...pitches.map(goesOn), STEP_END]).flat();
    expect([...events]).toEqual([
      ...[START, on(64), on(60), STEP_END, ...held(7, 64, 60)],
      ...[on(67), goesOn(64), goesOn(60), STEP_END, ...held(7, 67, 64, 60)],
      ...[...held(8, 64, 60), ...held(8, 60), END],
    ]);
  });

  it.each([
    [
      'a pitch that goes on without having started',
      [on(60), on(64), STEP_END, goesOn(60), goesOn(64), goesOn(67), STEP_END, END],
    ],
    ['ENDs before the end', [on(60), END, on(64), END, STEP_END, END, goesOn(60), END, goesOn(64), END, STEP_END, END]],
  ])('ignores %s', (_, events) => {
    expect(played(polyphonyEncoding.decode(events, { title: 'x' }))).toEqual([
      [0, at(2), 60],
      [0, at(2), 64],
    ]);
  });

  it('strikes a pitch again that starts again', () => {
    const events = [on(60), on(64), STEP_END, on(60), goesOn(64), STEP_END, END];
    expect(played(polyphonyEncoding.decode(events, { title: 'x' }))).toEqual([
      [0, at(1), 60],
      [0, at(2), 64],
      [at(1), at(2), 60],
    ]);
  });

  it('keeps silent steps', () => {
    const { duration } = polyphonyEncoding.decode([STEP_END, STEP_END, END], { title: 'x' });
    expect(duration).toBe(at(2));
  });
});

describe("note_seq's tests of performances", () => {
  const on = (pitch: number) => pitch;
  const off = (pitch: number) => 128 + pitch;
  const shift = (steps: number) => 255 + steps;
  const velocity = (bin: number) => 355 + bin;
  const seconds = (time: number) => time * 44_100;
  const note = (start: number, end: number, pitch: number, volume: number) => ({
    ...plainNote(seconds(start), seconds(end), pitch),
    volume: [{ time: seconds(start), value: volume }],
  });
  /** The source's three notes, and more of them: shorter songs are left out. */
  const tail = Array.from({ length: 12 }, (_, index) => note(5 + index / 2, 5.25 + index / 2, 72, 15));
  const song = songOf({
    pulse1: [note(1, 2, 67, 15), ...tail],
    pulse2: [note(0, 3, 64, 12)],
    triangle: [note(0, 4, 60, 12)],
  });

  it('writes on, off and shifts', () => {
    const [{ events }] = performanceEncoding.encode(song).sequences;
    expect([...events].slice(0, 10)).toEqual([
      ...[on(60), on(64), shift(100), on(67), shift(100), off(67), shift(100), off(64), shift(100), off(60)],
    ]);
  });

  it('ignores note-offs without a note, and ends at the end what was never ended', () => {
    const unstarted = [on(60), on(64), shift(50), off(60), off(64), off(67)];
    expect(played(performanceEncoding.decode(unstarted, { title: 'x' }))).toEqual([
      [0, seconds(0.5), 60],
      [0, seconds(0.5), 64],
    ]);
    const unended = [on(60), on(64), shift(100), on(60), shift(100)];
    expect(played(performanceEncoding.decode(unended, { title: 'x' }))).toEqual([
      [0, seconds(2), 60],
      [0, seconds(2), 64],
      [seconds(1), seconds(2), 60],
    ]);
  });

  it('writes a velocity where it changes', () => {
    // Bins of 4 velocities: the volume 12 of 15 is the velocity 102, which is in the 26th.
    const [{ events }] = performanceVelocityEncoding.encode({
      ...song,
      voices: { ...song.voices, triangle: [], pulse2: [note(0, 3, 64, 12)] },
    }).sequences;
    expect([...events].slice(0, 6)).toEqual([velocity(26), on(64), shift(100), velocity(32), on(67), shift(100)]);
  });
});
