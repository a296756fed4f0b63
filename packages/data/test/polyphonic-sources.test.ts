import { type Note, TICKS_PER_SECOND, type VoiceName } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  noteDurationEncoding,
  performanceEncoding,
  performanceVelocityEncoding,
  polyphonyEncoding,
  type Song,
} from '../src/index.ts';
import { type PerformedNote, performanceByRules, withoutOrder } from './support/performance-rules.ts';
import { plainNote, songOf } from './support/songs.ts';

/*
 * The values of the tests of Polyphony RNN (magenta, commit 526d3eb1) and of Performance (note_seq, commit 35825508),
 * and the rules of those and of MusicAutobot (commit 15bc5235) written down plainly, to compare with on random input.
 */

/** A note of a voice, in steps of a grid. */
interface StepNote extends PerformedNote {
  readonly voice: 'pulse1' | 'pulse2' | 'triangle';
}

const range = (length: number) => Array.from({ length }, (_, index) => index);

function songOfNotes(notes: readonly StepNote[], ticksPerStep: number): Song {
  const of = (name: VoiceName): Note[] =>
    notes
      .filter(({ voice }) => voice === name)
      .map(({ start, end, pitch, volume }) => {
        const note = plainNote(Math.round(start * ticksPerStep), Math.round(end * ticksPerStep), pitch, name);
        return { ...note, volume: [{ time: note.start, value: volume }] };
      });
  return songOf({ pulse1: of('pulse1'), pulse2: of('pulse2'), triangle: of('triangle') });
}

/** Notes of all voices, each of its lowest to its highest pitch, with rests and lengths of so many steps at most. */
function anyNotes(
  pitches: Record<StepNote['voice'], readonly [lowest: number, highest: number]>,
  longest = 150,
): fc.Arbitrary<StepNote[]> {
  const ofVoice = (voice: StepNote['voice']) =>
    fc
      .array(
        fc.record({
          rest: fc.oneof(fc.constant(0), fc.nat(6), fc.nat(longest)),
          length: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: longest })),
          pitch: fc.integer({ min: pitches[voice][0], max: pitches[voice][1] }),
          volume: voice === 'triangle' ? fc.constant(15) : fc.integer({ min: 1, max: 15 }),
        }),
        { minLength: 8, maxLength: 24 },
      )
      .map((items) => {
        let now = 0;
        return items.map(({ rest, length, pitch, volume }): StepNote => {
          const start = now + rest;
          now = start + length;
          return { voice, start, end: now, pitch, volume };
        });
      });
  return fc.tuple(ofVoice('pulse1'), ofVoice('pulse2'), ofVoice('triangle')).map((voices) => voices.flat());
}

const OWN_PITCHES = { pulse1: [70, 75], pulse2: [60, 65], triangle: [40, 45] } as const;
const SAME_PITCHES = { pulse1: [60, 62], pulse2: [60, 62], triangle: [60, 62] } as const;

/** A 16th at 120 bpm, in ticks. */
const SIXTEENTH = TICKS_PER_SECOND / 8;
/** The chord of the tests: two notes that begin together, and a third one above. */
const CHORD: StepNote[] = [
  { voice: 'pulse1', start: 0, end: 4, pitch: 60, volume: 10 },
  { voice: 'pulse2', start: 0, end: 3, pitch: 64, volume: 10 },
  { voice: 'triangle', start: 1, end: 2, pitch: 67, volume: 15 },
];

describe('polyphony, as in Magenta', () => {
  const [START, END, STEP] = [0, 1, 2];
  const on = (pitch: number) => 3 + pitch;
  const goesOn = (pitch: number) => 131 + pitch;
  /** Pitch, first and last step of what is decoded. */
  const decoded = (events: number[]) => {
    const { voices } = polyphonyEncoding.decode(events, { title: 'x' });
    return Object.values(voices)
      .flat()
      .map(({ pitch, start, end }) => [pitch, start / SIXTEENTH, end / SIXTEENTH].map(Math.round))
      .sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  };

  it('has the values of its test of encoding', () => {
    const late: StepNote = { voice: 'pulse1', start: 31, end: 32, pitch: 60, volume: 10 };
    const [{ events }] = polyphonyEncoding.encode(songOfNotes([...CHORD, late], SIXTEENTH)).sequences;
    expect([...events].slice(0, 14)).toEqual([
      ...[START, on(64), on(60), STEP],
      ...[on(67), goesOn(64), goesOn(60), STEP],
      ...[goesOn(64), goesOn(60), STEP],
      ...[goesOn(60), STEP, STEP],
    ]);
  });

  it('has the values of its tests of decoding', () => {
    const twoNotes = [
      [60, 0, 2],
      [64, 0, 2],
    ];
    const notStarted = [START, on(60), on(64), STEP, goesOn(60), goesOn(64), goesOn(67), STEP, END];
    expect(decoded(notStarted)).toEqual(twoNotes);
    // An END that is not the last event says nothing.
    const extraEnds = [on(60), END, on(64), END, STEP, END, goesOn(60), END, goesOn(64), END, STEP, END];
    expect(decoded([START, ...extraEnds])).toEqual(twoNotes);
    expect(decoded([START, on(60), on(64), STEP, on(60), goesOn(64), STEP, END])).toEqual([
      [60, 0, 1],
      [64, 0, 2],
      [60, 1, 2],
    ]);
    const { duration, voices } = polyphonyEncoding.decode([START, STEP, STEP, END], { title: 'x' });
    expect([duration / SIXTEENTH, voices.pulse1]).toEqual([2, []]);
  });

  it.each([
    ['with pitches of their own', OWN_PITCHES],
    ['on the same pitches', SAME_PITCHES],
  ])('writes any voices %s as its rules do', (_, pitches) => {
    fc.assert(
      fc.property(anyNotes(pitches), (notes) => {
        const [{ events }] = polyphonyEncoding.encode(songOfNotes(notes, SIXTEENTH)).sequences;
        expect([...events]).toEqual(polyphonyByRules(notes));
      }),
      { numRuns: 50 },
    );
  });

  /** From the bar of the first note: those before it are a departure. */
  function polyphonyByRules(notes: readonly StepNote[]): number[] {
    const first = Math.min(...notes.map(({ start }) => start));
    const events = [START];
    for (let step = first - (first % 16); step < Math.max(...notes.map(({ end }) => end)); step++) {
      const inStep = [
        ...notes.filter(({ start, end }) => start < step && end > step).map(({ pitch }) => [pitch, goesOn(pitch)]),
        ...notes.filter(({ start }) => start === step).map(({ pitch }) => [pitch, on(pitch)]),
      ];
      events.push(...inStep.sort((a, b) => b[0] - a[0]).map(([, event]) => event), STEP);
    }
    return [...events, END];
  }
});

/** Ten milliseconds, in ticks. */
const CENTISECOND = TICKS_PER_SECOND / 100;

describe('performance, as in note_seq', () => {
  const on = (pitch: number) => pitch;
  const off = (pitch: number) => 128 + pitch;
  const shift = (steps: number) => 255 + steps;
  const decoded = (events: number[]) =>
    Object.values(performanceEncoding.decode(events, { title: 'x' }).voices)
      .flat()
      .map(({ pitch, start, end }) => [pitch, start / TICKS_PER_SECOND, end / TICKS_PER_SECOND])
      .sort((a, b) => a[1] - b[1] || a[0] - b[0]);

  it('has the values of its test of encoding', () => {
    const inSeconds = CHORD.map((note) => ({ ...note, start: 100 * note.start, end: 100 * note.end }));
    const later = range(12).map((index): StepNote => ({ ...CHORD[0], start: 500 + 20 * index, end: 510 + 20 * index }));
    const song = songOfNotes([...inSeconds, ...later], CENTISECOND);
    const expected = [
      ...[on(60), on(64), shift(100), on(67), shift(100), off(67), shift(100), off(64), shift(100), off(60)],
      ...[shift(100), on(60)],
    ];
    expect([...performanceEncoding.encode(song).sequences[0].events].slice(0, 12)).toEqual(expected);
    // Volumes 10 and 15 are velocities 85 and 127, bins 22 and 32 of four; a velocity stands where it changes.
    const velocity = (bin: number) => 355 + bin;
    expect([...performanceVelocityEncoding.encode(song).sequences[0].events].slice(0, 15)).toEqual([
      ...[velocity(22), ...expected.slice(0, 3), velocity(32), ...expected.slice(3, 11), velocity(22), on(60)],
    ]);
  });

  it('has the values of its tests of decoding', () => {
    const unmatchedOffs = [on(60), on(64), shift(50), off(60), off(64), off(67)];
    expect(decoded(unmatchedOffs)).toEqual([
      [60, 0, 0.5],
      [64, 0, 0.5],
    ]);
    expect(decoded([on(60), on(64), shift(100)])).toEqual([
      [60, 0, 1],
      [64, 0, 1],
    ]);
    expect(decoded([on(60), on(64), shift(100), on(60), shift(100)])).toEqual([
      [60, 0, 2],
      [64, 0, 2],
      [60, 1, 2],
    ]);
  });

  it('writes any voices with pitches of their own as its rules do', () => {
    fc.assert(
      fc.property(anyNotes(OWN_PITCHES), (notes) => {
        const song = songOfNotes(notes, CENTISECOND);
        const events = performanceByRules(notes);
        expect([...performanceVelocityEncoding.encode(song).sequences[0].events]).toEqual(events);
        const withoutVelocity = events.filter((event) => event < 356);
        expect([...performanceEncoding.encode(song).sequences[0].events]).toEqual(withoutVelocity);
      }),
      { numRuns: 50 },
    );
  });

  /** Start, pitch and volume of each note that is played, or written. */
  function playedOf(events: ArrayLike<number>): string[] {
    const { voices } = performanceVelocityEncoding.decode(events, { title: 'again' });
    const notes = Object.values(voices).flat();
    return notes.map(({ start, pitch, volume }) => `${start / CENTISECOND} ${pitch} ${volume[0].value}`).sort();
  }
  const writtenOf = (notes: readonly StepNote[]) =>
    notes.map(({ start, pitch, volume }) => `${start} ${pitch} ${volume}`).sort();

  it('writes voices on the same pitches as its rules do but for the order within a step, and plays them as loud', () => {
    fc.assert(
      fc.property(fc.oneof(anyNotes(SAME_PITCHES), anyNotes(SAME_PITCHES, 6)), (notes) => {
        const [{ events }] = performanceVelocityEncoding.encode(songOfNotes(notes, CENTISECOND)).sequences;
        expect(withoutOrder(events)).toEqual(withoutOrder(performanceByRules(notes)));
        expect(playedOf(events)).toEqual(writtenOf(notes));
      }),
      { numRuns: 200 },
    );
  });

  it('plays each note as loud where the ends of notes on one pitch can be told apart by the voices alone', () => {
    const voice = (name: StepNote['voice'], volume: number, notes: [start: number, end: number, pitch: number][]) =>
      notes.map(([start, end, pitch]): StepNote => ({ voice: name, start, end, pitch, volume }));
    // The triangle plays 15 only: of the two notes of pitch 60 from step 1 on, the one that ends at 4 must be its own.
    const notes = [
      ...voice('pulse1', 5, [
        [1, 2, 61],
        [3, 7, 60],
        [7, 10, 61],
      ]),
      ...voice('pulse2', 8, [
        [1, 5, 60],
        [6, 7, 61],
        [8, 10, 60],
      ]),
      ...voice('triangle', 15, [
        [1, 4, 60],
        [4, 9, 61],
        [10, 11, 61],
      ]),
    ];
    const [{ events }] = performanceVelocityEncoding.encode(songOfNotes(notes, CENTISECOND)).sequences;
    expect(playedOf(events)).toEqual(writtenOf(notes));
    const again = performanceVelocityEncoding.encode(performanceVelocityEncoding.decode(events, { title: 'again' }));
    expect(again.sequences[0].events).toEqual(events);
  });
});

describe('note-duration, as in MusicAutobot', () => {
  const text = (events: ArrayLike<number>) => Array.from(events, noteDurationEncoding.describe).join(' ');

  it('writes any voices with pitches of their own as its rules do', () => {
    // Starts and lengths in ninths of a step, of which none lies half-way, and such that no rounded length reaches the
    // next note of its voice.
    const offsets = fc.array(fc.record({ start: fc.integer({ min: -3, max: 3 }), length: fc.nat(1000) }), {
      minLength: 24,
      maxLength: 24,
    });
    fc.assert(
      fc.property(anyNotes(OWN_PITCHES), offsets, (onGrid, off) => {
        const starts = onGrid.map(({ start }, index) => Math.max(0, 9 * start + off[index % 24].start));
        const notes = onGrid.map((note, index): StepNote => {
          const isLast = onGrid[index + 1]?.voice !== note.voice;
          const room = isLast ? Number.POSITIVE_INFINITY : starts[index + 1] - starts[index];
          const longest = Math.min(9 * (note.end - note.start) + 3, room);
          const length = Math.min(longest, 5 + (off[index % 24].length % longest));
          return { ...note, start: starts[index] / 9, end: (starts[index] + length) / 9 };
        });
        fc.pre(notes.every(({ start, end }) => end - start > 0.5));
        const [sequence] = noteDurationEncoding.encode(songOfNotes(notes, SIXTEENTH)).sequences;
        expect(text(sequence.events)).toBe(`xxbos xxpad ${noteDurationByRules(notes)} xxeos`);
      }),
      { numRuns: 50 },
    );
  });

  /** By way of a matrix of steps and pitches, as the source has it: a note's length, -1 where it goes on. */
  function noteDurationByRules(notes: readonly StepNote[]): string {
    const rows: Map<number, number>[] = [];
    const row = (step: number) => {
      while (rows.length <= step) rows.push(new Map());
      return rows[step];
    };
    for (const { start, end, pitch } of notes) {
      const length = Math.min(128, Math.round(end - start));
      row(Math.round(start)).set(pitch, length);
      for (let step = Math.round(start) + 1; step < Math.round(start) + length; step++) row(step).set(pitch, -1);
    }
    const first = rows.findIndex((sounding) => sounding.size > 0);
    const shortened: Map<number, number>[] = [];
    let silent = 0;
    for (const sounding of rows.slice(first - (first % 16))) {
      if (sounding.size === 0) {
        silent++;
        continue;
      }
      const kept = silent > 32 ? 32 + (silent % 4) : silent;
      shortened.push(...range(kept).map(() => new Map<number, number>()), sounding);
      silent = 0;
    }
    const words: string[] = [];
    let wait = 0;
    for (const sounding of shortened) {
      const starts = [...sounding].filter(([, length]) => length > 0).sort((a, b) => b[0] - a[0]);
      // The source refuses songs with a wait that no token can hold; here it takes two.
      for (; starts.length > 0 && wait > 0; wait -= Math.min(wait, 160)) words.push(`xxsep d${Math.min(wait, 160)}`);
      words.push(...starts.map(([pitch, length]) => `n${pitch} d${length}`));
      wait++;
    }
    return words.join(' ');
  }
});
