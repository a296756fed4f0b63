import toneMidi from '@tonejs/midi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairNotes } from '../src/formats/midi/notes.ts';
import { parseMidi } from '../src/formats/midi/parse.ts';
import { datasetFromSongs, melodyEncoding, readMidi } from '../src/index.ts';
import { chunk, END_OF_TRACK, header, singleTrack, type TimedEvent, text, timed } from './support/midi-bytes.ts';
import { tuneSong } from './support/tunes.ts';

/** A note in ticks of the file. */
interface WrittenNote {
  readonly start: number;
  readonly end: number;
  readonly pitch: number;
  readonly velocity: number;
}

/** The ways in which the same notes can be written. */
interface Form {
  readonly running: boolean;
  /** Note-offs as note-ons of velocity 0. */
  readonly zeroVelocity: boolean;
  /** Other events between the notes, each of which ends running status or must be passed over. */
  readonly between: readonly number[];
}

/** The body of a track. */
const trackOf = (events: readonly TimedEvent[]) => [...timed(events), ...END_OF_TRACK];

function eventsOf(notes: readonly WrittenNote[], { running, zeroVelocity, between }: Form): TimedEvent[] {
  let status = 0;
  const ordered = notes
    .flatMap(({ start, end, pitch, velocity }) => [
      { tick: end, message: [zeroVelocity ? 0x90 : 0x80, pitch, 0] },
      { tick: start, message: [0x90, pitch, velocity] },
    ])
    .sort((a, b) => a.tick - b.tick);
  return ordered.map(({ tick, message }, index) => {
    const isOther = between.length > 0 && index % 3 === 0;
    const bytes = running && message[0] === status && !isOther ? message.slice(1) : message;
    status = message[0];
    return { tick, bytes: isOther ? [...between, 0, ...bytes] : bytes };
  });
}

/** Notes of one voice, none of them overlapping; notes may touch. */
const someNotes = fc
  .array(
    fc.record({
      rest: fc.constantFrom(0, 1, 40, 3000),
      length: fc.integer({ min: 1, max: 2000 }),
      pitch: fc.integer({ min: 60, max: 63 }),
      velocity: fc.integer({ min: 1, max: 15 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((items) => {
    let now = 0;
    return items.map(({ rest, length, pitch, velocity }): WrittenNote => {
      const start = now + rest;
      now = start + length;
      return { start, end: now, pitch, velocity };
    });
  });

const anyForm = fc.record({
  running: fc.boolean(),
  zeroVelocity: fc.boolean(),
  between: fc.constantFrom(
    [],
    [0xff, 0x01, 2, 65, 66], // text
    [0xf0, 3, 1, 2, 0xf7], // system-exclusive
    [0xb0, 7, 100], // volume, which is not one of the convention
    [0xd0, 5], // pressure
    [0xe0, 0, 64], // bend
  ),
});

/** Name of a track of NES-MDB's convention, which is read note for note. */
const named = [0, 0xff, 3, 2, ...text('p1')];

function fileOf(format: number, division: number, bodies: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from([
    ...header(format, bodies.length, division),
    ...bodies.flatMap((body) => chunk('MTrk', body)),
  ]);
}

function readNotes(bytes: Uint8Array, samplesPerTick: number) {
  const { song, repairs } = readMidi(bytes, 'form.mid');
  const notes = song.voices.pulse1.map(({ start, end, pitch, volume }) => ({
    start: start / samplesPerTick,
    end: end / samplesPerTick,
    pitch,
    velocity: volume[0].value,
  }));
  return { notes, repairs };
}

describe('readMidi gives the same notes', () => {
  it('with and without running status, for note-offs of either kind, whatever stands between', () => {
    fc.assert(
      fc.property(someNotes, anyForm, (notes, form) => {
        const body = [...named, ...trackOf(eventsOf(notes, form))];
        expect(readNotes(fileOf(0, 22_050, [body]), 1)).toEqual({ notes, repairs: [] });
      }),
      { seed: 40, numRuns: 200 },
    );
  });

  it('in formats 0, 1 and 2', () => {
    fc.assert(
      fc.property(someNotes, anyForm, (notes, form) => {
        const body = [...named, ...trackOf(eventsOf(notes, form))];
        const other = [0, 0xff, 3, 2, ...text('tr'), ...END_OF_TRACK];
        for (const [format, bodies] of [
          [0, [body]],
          [1, [END_OF_TRACK, other, body]],
          // The patterns before take no time.
          [2, [other, body]],
        ] as const) {
          expect(readNotes(fileOf(format, 22_050, bodies), 1)).toEqual({ notes, repairs: [] });
        }
      }),
      { seed: 41, numRuns: 100 },
    );
  });

  it.each([
    ['24', 0xe8, 24],
    ['25', 0xe7, 25],
    ['29.97 (written as 29)', 0xe3, 30_000 / 1001],
    ['30', 0xe2, 30],
  ])('in SMPTE time of %s frames a second, whatever the tempo is', (_name, frames, rate) => {
    fc.assert(
      fc.property(someNotes, fc.constantFrom(1, 40, 100), (notes, ticksPerFrame) => {
        const conductor = trackOf([{ tick: 100, bytes: [0xff, 0x51, 3, 1, 0, 0] }]);
        const body = [...named, ...trackOf(eventsOf(notes, { running: true, zeroVelocity: true, between: [] }))];
        const bytes = fileOf(1, (frames << 8) + ticksPerFrame, [conductor, body]);
        const samples = (tick: number) => Math.round((tick / (rate * ticksPerFrame)) * 44_100);
        const expected = notes.map(({ start, end, ...note }) => ({
          ...note,
          start: samples(start),
          end: samples(end),
        }));
        expect(readNotes(bytes, 1)).toEqual({ notes: expected, repairs: [] });
      }),
      { seed: 42, numRuns: 30 },
    );
  });

  it('under any map of tempos in the first track', () => {
    const someTempos = fc.array(
      fc.record({
        tick: fc.integer({ min: 0, max: 20_000 }),
        microseconds: fc.integer({ min: 37_500, max: 12_000_000 }),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(someNotes, someTempos, fc.integer({ min: 24, max: 0x7fff }), (notes, tempos, ticksPerQuarter) => {
        const conductor = trackOf(
          tempos.map(({ tick, microseconds }) => ({
            tick,
            bytes: [0xff, 0x51, 3, microseconds >> 16, (microseconds >> 8) & 0xff, microseconds & 0xff],
          })),
        );
        const body = [...named, ...trackOf(eventsOf(notes, { running: true, zeroVelocity: false, between: [] }))];
        const { notes: found } = readNotes(fileOf(1, ticksPerQuarter, [conductor, body]), 1);
        // Each tick by itself has the length of the last tempo written at or before it; 120 bpm before any.
        const ordered = [...tempos].sort((a, b) => a.tick - b.tick);
        const samplesAt = (tick: number) => {
          let samples = 0;
          let from = 0;
          let microseconds = 500_000;
          for (const change of [...ordered, { tick, microseconds: 0 }]) {
            const to = Math.min(tick, change.tick);
            samples += ((to - from) * microseconds * 0.0441) / ticksPerQuarter;
            from = to;
            microseconds = change.microseconds;
          }
          return samples;
        };
        const expected = notes.filter(({ start, end }) => Math.round(samplesAt(end)) > Math.round(samplesAt(start)));
        // Rounding may fall either way by a hair.
        expect(Math.abs(found.length - expected.length)).toBeLessThanOrEqual(1);
        if (found.length !== expected.length) return;
        for (const [index, { start, end }] of found.entries()) {
          expect(Math.abs(start - samplesAt(expected[index].start))).toBeLessThanOrEqual(0.51);
          expect(Math.abs(end - samplesAt(expected[index].end))).toBeLessThanOrEqual(0.51);
        }
      }),
      { seed: 43, numRuns: 200 },
    );
  });
});

describe('readMidi and meters', () => {
  const meter = (beats: number, power: number) => [0xff, 0x58, 4, beats, power, 24, 8];
  const note = { tick: 0, bytes: [0x90, 60, 99, 96, 60, 0] };

  it('takes the first of several meters, also where it is in another track or comes late', () => {
    const body = trackOf([note, { tick: 400, bytes: meter(5, 2) }]);
    const conductor = trackOf([
      { tick: 96, bytes: meter(3, 3) },
      { tick: 960, bytes: meter(4, 2) },
    ]);
    const { song } = readMidi(fileOf(1, 96, [conductor, body]), 'meters.mid');
    expect(song.meter).toEqual({ beats: 3, unit: 8, origin: 'given' });
  });

  it.each([
    ['none', []],
    ['0 beats', meter(0, 2)],
    ['a 32nd for a beat', meter(7, 5)],
    ['a beat of 2^-255', meter(4, 255)],
  ])('assumes 4/4 for %s', (_name, bytes) => {
    const events = bytes.length > 0 ? [{ tick: 0, bytes }, note] : [note];
    expect(readMidi(fileOf(0, 96, [trackOf(events)]), 'meter.mid').song.meter).toEqual({
      beats: 4,
      unit: 4,
      origin: 'assumed',
    });
  });
});

describe('one event too many, or too few', () => {
  const ons = Array.from({ length: 20 }, (_, index) => ({ tick: index * 20, bytes: [0x90, 60, 9] }));
  const offs = Array.from({ length: 20 }, (_, index) => ({ tick: index * 20 + 10, bytes: [0x80, 60, 0] }));
  const whole = [...ons, ...offs];
  const read = (events: readonly TimedEvent[]) => {
    const bytes = fileOf(0, 22_050, [[...named, ...trackOf(events)]]);
    const repairs: string[] = [];
    const paired = pairNotes(parseMidi(bytes, 'x').tracks, (tick) => tick, repairs);
    return { bytes, repairs, lengths: paired.map(({ start, end }) => end - start) };
  };

  it('a stray note-off changes no note, where @tonejs/midi takes the length of every later one', () => {
    // Notes that touch, and one more note-off where two of them do: the trap.
    const touching = offs.map(({ tick, bytes }) => ({ tick: tick + 10, bytes }));
    const { bytes, lengths, repairs } = read([{ tick: 60, bytes: [0x80, 60, 0] }, ...touching, ...ons]);
    expect(lengths).toEqual(new Array(20).fill(20));
    expect(repairs).toEqual(['ignored 1 note-off without a note']);
    const naive = new toneMidi.Midi(bytes).tracks.flatMap(({ notes }) =>
      notes.map(({ durationTicks }) => durationTicks),
    );
    expect(naive.slice(3).every((length) => length === 0)).toBe(true);
  });

  it('a lost note-off lengthens its own note up to the next, and changes no other', () => {
    const { lengths, repairs } = read(whole.filter(({ tick }) => tick !== 70));
    expect(lengths).toEqual(Array.from({ length: 20 }, (_, index) => (index === 3 ? 20 : 10)));
    expect(repairs).toEqual(['ended 1 note that had no note-off']);
  });

  it('a note whose on and off stand on one tick has no length, and changes no other', () => {
    const { lengths } = read([...whole, { tick: 95, bytes: [0x90, 60, 9, 0, 0x80, 60, 0] }]);
    expect(lengths).toEqual([...new Array(5).fill(10), 0, ...new Array(15).fill(10)]);
  });

  it('a lost note-on leaves a stray note-off', () => {
    const { lengths, repairs } = read(whole.filter(({ tick }) => tick !== 60));
    expect(lengths).toEqual(new Array(19).fill(10));
    expect(repairs).toEqual(['ignored 1 note-off without a note']);
  });

  it('notes of one pitch that overlap end in the order of their starts', () => {
    const on = (tick: number) => ({ tick, bytes: [0x90, 60, 9] });
    const off = (tick: number) => ({ tick, bytes: [0x80, 60, 0] });
    expect(read([on(0), on(10), off(20), off(40)]).lengths).toEqual([20, 30]);
  });
});

describe('a dataset', () => {
  it('has the same events for a file with the trap in it as for the file without', () => {
    // Quarters at 120 bpm.
    const melody = [60, 62, 64, 65, 67, 65, 64, 62].flatMap((pitch) => [0, 0x90, pitch, 99, 96, pitch, 0]);
    const again = [...melody, ...melody];
    const [sound, trapped] = [again, [0, 0x80, 62, 0, ...again]].map((events) => {
      const { song } = readMidi(singleTrack(events, 96), 'trap.mid');
      const dataset = datasetFromSongs([song, tuneSong(1)], melodyEncoding, { validShare: 0 });
      return dataset.sequences('train').map((sequence) => [...sequence.read()]);
    });
    expect(trapped).toEqual(sound);
    expect(sound.length).toBeGreaterThan(1);
  });
});
