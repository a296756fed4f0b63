import { type Note, TICKS_PER_SECOND, type VoiceName } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drumClassOf } from '../src/encodings/music-vae/drums.ts';
import { fullWindowStarts } from '../src/encodings/music-vae/windows.ts';
import { readMidi, type Song, vaeTrioEncoding, vaeTwoBarEncoding } from '../src/index.ts';
import { generalMidi, quarters } from './support/general-midi.ts';
import { plainNote, songOf } from './support/songs.ts';

/*
 * MusicVAE's converters (magenta, commit 526d3eb1): the values of their own tests, and their rules written down
 * plainly, to compare with on random input. The tests there have one step a quarter note and so four a bar; here each
 * of their steps is a quarter note of four.
 */

/** Pitch, start and end. */
type Played = readonly [pitch: number, start: number, end: number];

/** A 16th at 120 bpm, in ticks. */
const SIXTEENTH = TICKS_PER_SECOND / 8;
const [NO_EVENT, NOTE_OFF] = [0, 1];
const range = (length: number) => Array.from({ length }, (_, index) => index);
const distinct = (windows: Iterable<readonly number[]>) => [...new Set([...windows].map(String))].sort();

const noteOf = ([pitch, start, end]: Played, voice: VoiceName): Note =>
  plainNote(Math.round(start * SIXTEENTH), Math.round(end * SIXTEENTH), pitch, voice);

function songOfSteps(voices: Partial<Record<VoiceName, readonly Played[]>>): Song {
  const of = (voice: VoiceName) => (voices[voice] ?? []).map((note) => noteOf(note, voice));
  return songOf({ pulse1: of('pulse1'), pulse2: of('pulse2'), triangle: of('triangle'), noise: of('noise') });
}

const inQuarters = (notes: readonly Played[]) =>
  notes.map(([pitch, start, end]): Played => [pitch, 4 * start, 4 * end]);
/** Classes at quarter notes, of a step each. */
const atQuarters = (classes: readonly number[]) => classes.flatMap((event) => [event, NO_EVENT, NO_EVENT, NO_EVENT]);

/** So many notes one after the other, with rests between them. */
const line = (notes: number, lowest: number, highest: number, longestRest: number): fc.Arbitrary<Played[]> =>
  fc
    .array(
      fc.record({
        rest: fc.oneof(fc.constant(0), fc.nat(8), fc.nat(longestRest)),
        length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 40 })),
        pitch: fc.integer({ min: lowest, max: highest }),
      }),
      { minLength: notes, maxLength: notes },
    )
    .map((items) => {
      let now = 0;
      return items.map(({ rest, length, pitch }): Played => {
        const start = now + rest;
        now = start + length;
        return [pitch, start, now];
      });
    });

/** The class of each step: a pitch where a note starts, a note-off where one ends. */
function classesOf(notes: readonly Played[], steps: number): number[] {
  const classes = new Array<number>(steps).fill(NO_EVENT);
  for (const [, , end] of notes) if (end < steps) classes[end] = NOTE_OFF;
  for (const [pitch, start] of notes) classes[start] = pitch - 19;
  return classes;
}

describe("the windows of a melody, as in MusicVAE's", () => {
  const windowsOf = (song: Song) => distinct(vaeTwoBarEncoding.encode(song).sequences.map(({ events }) => [...events]));

  it('have the values of its test', () => {
    const song = songOfSteps({
      triangle: inQuarters([
        [32, 2, 4],
        [33, 6, 11],
        [34, 11, 13],
        [35, 17, 19],
      ]),
      pulse1: inQuarters([
        [35, 2, 4],
        [36, 6, 8],
        [71, 33, 34],
        [73, 34, 37],
        [33, 50, 55],
        [34, 55, 56],
      ]),
    });
    const on = (pitch: number) => pitch - 19;
    const [_, off] = [NO_EVENT, NOTE_OFF];
    const expected = [
      [_, _, on(32), _, off, _, on(33), _],
      [_, _, on(33), _, _, _, _, on(34)],
      // The note that was held into the window is not in it, nor is its end.
      [_, _, _, on(34), _, off, _, _],
      [_, _, on(35), _, off, _, on(36), _],
      [_, on(71), on(73), _, _, off, _, _],
    ];
    expect(windowsOf(song)).toEqual(distinct(expected.map(atQuarters)));
  });

  it('of any voice are those of its rules in which a note starts in the first bar and one sounds in the last', () => {
    fc.assert(
      fc.property(line(30, 60, 75, 40), (notes) => {
        const windows = melodiesByRules(notes).flatMap((melody) =>
          range(melody.length / 16 - 1).map((bar) => cleaned(melody.slice(16 * bar, 16 * (bar + 2)))),
        );
        expect(windowsOf(songOfSteps({ pulse1: notes }))).toEqual(distinct(windows.filter(isOfBothBars)));
      }),
      { numRuns: 100 },
    );
  });

  it('come from the first 100 bars of a melody', () => {
    // A scale that goes up a note each bar, without an end of its own; each window is another one.
    const notes = range(110).map((bar): Played => [33 + (bar % 70), 16 * bar + (bar >= 70 ? 1 : 0), 16 * bar + 16]);
    expect(windowsOf(songOfSteps({ pulse1: notes }))).toHaveLength(99);
    expect(windowsOf(songOfSteps({ pulse1: notes.slice(0, 90) }))).toHaveLength(89);
  });

  /** Whole bars; a rest of a bar ends a melody. */
  function melodiesByRules(notes: readonly Played[]): number[][] {
    const phrases: Played[][] = [];
    for (const note of notes) {
      const last = phrases.at(-1)?.at(-1);
      if (last !== undefined && note[1] - last[2] < 16) phrases[phrases.length - 1].push(note);
      else phrases.push([note]);
    }
    return phrases.map((phrase) => {
      const origin = phrase[0][1] - (phrase[0][1] % 16);
      const moved = phrase.map(([pitch, start, end]): Played => [pitch, start - origin, end - origin]);
      return classesOf(moved, 16 * Math.ceil(moved[moved.length - 1][2] / 16));
    });
  }

  /** Without note-offs before the first note. */
  function cleaned(window: readonly number[]): number[] {
    const first = window.findIndex((event) => event > NOTE_OFF);
    return window.map((event, step) => (first < 0 || step < first ? NO_EVENT : event));
  }

  function isOfBothBars(window: readonly number[]): boolean {
    let isSounding = false;
    const sounds = window.map((event) => {
      if (event !== NO_EVENT) isSounding = event > NOTE_OFF;
      return isSounding;
    });
    return window.slice(0, 16).some((event) => event > NOTE_OFF) && sounds.slice(16).includes(true);
  }
});

describe("the windows of a trio, as in MusicVAE's", () => {
  const spans = (notes: readonly Played[]) => inQuarters(notes).map(([pitch, start, end]) => ({ start, end, pitch }));

  it('begin where those of its test do', () => {
    const high = spans([[51, 13, 37]]);
    const low = spans([[52, 4, 16]]);
    const bass = spans([
      [50, 2, 5],
      [49, 16, 25],
    ]);
    const drums = spans([
      [35, 0, 1],
      [40, 4, 5],
      [35, 9, 10],
      [35, 25, 26],
      [40, 29, 30],
    ]);
    const barsOf = (melody: typeof high) =>
      fullWindowStarts([melody, bass, drums], 4 * 37, { bars: 2, gapBars: 1 }).map((start) => start / 16);
    expect(barsOf(high)).toEqual([2, 5, 6]);
    expect(barsOf(low)).toEqual([0, 1, 2]);
  });

  it('hold what its test has: of a note that began before the window its end', () => {
    // The bass of the test, and after that so much of a trio that windows of 16 bars come about.
    const bars = range(16).map((bar): Played => [40, 16 * (bar + 2), 16 * (bar + 2) + 8]);
    const bass = [...inQuarters([[50, 2, 5]]), ...bars];
    const song = songOfSteps({ pulse1: bars, triangle: bass, noise: bars.map(([, start]) => [3, start, start + 1]) });
    const windows = vaeTrioEncoding.encode(song).sequences.map(({ events }) => [...events]);
    const bassOf = (window: readonly number[]) =>
      window.filter((_, index) => index % 3 === 1).map((event) => event - 90);
    expect(bassOf(windows[0]).slice(0, 24)).toEqual(atQuarters([0, 0, 50 - 19, 0, 0, NOTE_OFF]));
    expect(bassOf(windows[1]).slice(0, 8)).toEqual(atQuarters([0, NOTE_OFF]));
  });

  it('of any three voices are those of its rules', () => {
    let found = 0;
    const noise = line(60, 1, 16, 60).map((notes) => notes.map(([pitch, start]): Played => [pitch, start, start + 1]));
    fc.assert(
      fc.property(line(60, 60, 90, 60), line(60, 30, 50, 60), noise, (lead, bass, drums) => {
        const windows = vaeTrioEncoding
          .encode(songOfSteps({ pulse2: lead, triangle: bass, noise: drums }))
          .sequences.map(({ events }) => [...events]);
        expect(distinct(windows)).toEqual(distinct(trioByRules(lead, bass, drums)));
        found += windows.length;
      }),
      { numRuns: 60 },
    );
    expect(found).toBeGreaterThan(50);
  });

  function trioByRules(...parts: [lead: Played[], bass: Played[], drums: Played[]]): number[][] {
    const [lead, bass, drums] = parts;
    const bars = Math.ceil(Math.max(...parts.flat().map(([, , end]) => end)) / 16);
    const sounds = (part: Played[], bar: number) =>
      part.some(([, start, end]) => Math.floor(start / 16) <= bar && bar < Math.ceil(end / 16));
    const isNear = (part: Played[], bar: number) => range(5).some((at) => sounds(part, bar + at - 2));
    const isFull = (bar: number) => {
      if (bar >= bars - 2) return parts.some((part) => isNear(part, bars - 1) || isNear(part, bars - 2));
      if (bar < 2) return parts.some((part) => isNear(part, 0) || isNear(part, 1));
      return parts.every((part) => isNear(part, bar));
    };
    const melody = classesOf(lead, 16 * bars);
    const low = classesOf(bass, 16 * bars);
    const hits = new Array<number>(16 * bars).fill(0);
    for (const [pitch, start] of drums) hits[start] = drumClassOf(pitch);
    const events = range(16 * bars).flatMap((step) => [melody[step], 90 + low[step], 180 + hits[step]]);
    return range(Math.max(0, bars - 15))
      .filter((bar) => range(16).every((at) => isFull(bar + at)))
      .map((bar) => events.slice(3 * 16 * bar, 3 * 16 * (bar + 16)));
  }
});

describe("the drums, beside MusicVAE's", () => {
  /** Keys of General MIDI for each of the nine drums (drums_encoder_decoder, note_seq). */
  const KEYS = [
    [36, 35],
    [38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85],
    [42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22],
    [46, 67, 72, 74, 79, 81, 26],
    [45, 29, 41, 43, 61, 64, 84],
    [48, 47, 60, 63, 77, 86, 87],
    [50, 30, 62, 76, 83],
    [49, 52, 55, 57, 58],
    [51, 53, 59, 82],
  ];

  it('know a key of General MIDI by how bright its noise is: 31 of 63 are the same drum there', () => {
    const keys = KEYS.flat();
    const file = generalMidi([{ name: 'Drums', channel: 9, notes: quarters(keys) }]);
    const strokes = readMidi(file, 'drums.mid').song.voices.noise;
    expect(strokes).toHaveLength(keys.length);
    const here = strokes.map(({ pitch }) => Math.log2(drumClassOf(pitch)));
    const there = KEYS.flatMap((of, drum) => of.map(() => drum));
    expect(here.filter((drum, index) => drum === there[index])).toHaveLength(31);
  });
});
