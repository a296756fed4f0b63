import type { Note } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_EVENT, NOTE_OFF } from '../src/encodings/melody/alphabet.ts';
import { squash } from '../src/encodings/melody/squash.ts';
import {
  checkSong,
  createMelodyEncoding,
  DataError,
  findEncoding,
  MAGENTA_RULES,
  melodyEncoding,
  meterOfBar,
  NES_RULES,
  Random,
} from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

/** A 16th at 120 bpm. */
const STEP = 5512.5;
const at = (step: number) => Math.round(step * STEP);
const noteAt = (start: number, end: number, pitch: number): Note => plainNote(at(start), at(end), pitch);
const encode = (notes: Note[], rules = NES_RULES) => createMelodyEncoding(rules).encode(songOf({ pulse1: notes }));
const eventsOf = (notes: Note[]) => encode(notes).sequences.map(({ events }) => [...events]);

/** Two bars of eighths in C major, from a start in steps. */
const scale = (start = 0, pitches = [60, 62, 64, 65, 67, 69, 71, 72]): Note[] =>
  Array.from({ length: 16 }, (_, index) =>
    noteAt(start + 2 * index, start + 2 * index + 2, pitches[index % pitches.length]),
  );

describe('squash', () => {
  it('brings D major to C major', () => {
    expect(squash([62, 64, NO_EVENT, 66, 67, 69, NOTE_OFF, 71, 73, 74])).toEqual([
      60, 62, -2, 64, 65, 67, -1, 69, 71, 72,
    ]);
  });

  it('takes the lowest of equally good keys', () => {
    // All twelve notes are in every key equally often: C, nothing to do.
    const chromatic = Array.from({ length: 12 }, (_, index) => 60 + index);
    expect(squash(chromatic)).toEqual(chromatic);
    // A single D is in C, D, F, G, A, Bb and Eb: C.
    expect(squash([62])).toEqual([62]);
  });

  it('moves by octaves towards the middle, halves to the even number of octaves', () => {
    const cMajor = (tonic: number) => [0, 2, 4, 5, 7, 9, 11].map((degree) => tonic + degree);
    // Middle 5.5 above the tonic; the alphabet's middle is 65.5, so the tonic goes to 60.
    expect(squash(cMajor(36))).toEqual(cMajor(60));
    // Range 48..71 lies exactly half an octave low (59.5): round(0.5) = 0. Range 36..59 is 1.5 low: round(1.5) = 2.
    expect(squash([...cMajor(48), 60, 71])).toEqual([...cMajor(48), 60, 71]);
    expect(squash([...cMajor(36), 48, 59])).toEqual([...cMajor(60), 72, 83]);
  });

  it('folds what is still outside', () => {
    expect(squash([36, 60, 64, 67, 96])).toEqual([48, 60, 64, 67, 72]);
  });

  it('changes nothing more the second time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 127 }), { maxLength: 40 }), (melody) => {
        const once = squash(melody);
        expect(squash(once)).toEqual(once);
        expect(once.every((event) => event < 84 && (event < 0 || event >= 48))).toBe(true);
      }),
    );
  });
});

describe('melody encoding', () => {
  it('writes one event a 16th: pitch - 46 for a note, 0 to go on, 1 for a note-off', () => {
    const notes = [...scale(), noteAt(34, 36, 60)];
    expect(eventsOf(notes)).toEqual([
      [...[14, 16, 18, 19, 21, 23, 25, 26, 14, 16, 18, 19, 21, 23, 25, 26].flatMap((event) => [event, 0]), 1, 0, 14, 0],
    ]);
  });

  it('begins with the bar of the first note, and rounds times to the nearest step', () => {
    const [events] = eventsOf(scale(18.4));
    expect(events.slice(0, 5)).toEqual([0, 0, 14, 0, 16]);
  });

  it('begins a new melody after a rest of a bar', () => {
    expect(eventsOf([...scale(0), ...scale(48)]).map((events) => events.length)).toEqual([32, 32]);
    expect(eventsOf([...scale(0), ...scale(47)]).map((events) => events.length)).toEqual([79]);
  });

  it('keeps the longest of two notes in one step, where Magenta discards the voice', () => {
    const grace = [noteAt(0, 0.2, 59), noteAt(0.2, 2, 60), ...scale().slice(1)];
    expect(eventsOf(grace)).toEqual(eventsOf(scale()));
    expect(encode(grace, { ...NES_RULES, crowdedStep: 'discard-voice' }).dropped).toEqual([
      { voice: 'pulse1', reason: 'two notes start in one step' },
    ]);
  });

  it('holds a pitch through vibrato, and strikes it again where it is written twice', () => {
    const vibrato = Array.from({ length: 16 }, (_, index) =>
      plainNote(at(index / 4), at((index + 1) / 4), index % 4 === 3 ? 61 : 60),
    );
    expect(eventsOf([...vibrato, ...scale(4, [62, 60, 64, 65])])[0].slice(0, 5)).toEqual([14, 0, 0, 0, 16]);
    expect(eventsOf([noteAt(0, 2, 60), noteAt(2, 4, 60), ...scale(4)])[0].slice(0, 5)).toEqual([14, 0, 14, 0, 14]);
  });

  it('strikes a held pitch again where its volume jumps on the grid', () => {
    const held = noteAt(0, 4, 60);
    const volume = (steps: number[], values: number[]) =>
      steps.map((step, index) => ({ time: at(step), value: values[index] }));
    const jumping = { ...held, volume: volume([0, 1, 2, 3], [12, 6, 12, 6]) };
    const offGrid = { ...held, volume: volume([0, 1, 1.5, 3], [12, 6, 12, 6]) };
    expect(eventsOf([jumping, ...scale(4)])[0].slice(0, 5)).toEqual([14, 0, 14, 0, 14]);
    expect(eventsOf([offGrid, ...scale(4)])[0].slice(0, 5)).toEqual([14, 0, 0, 0, 14]);
  });

  it('tells why a voice gave nothing, and says nothing of silent voices and noise', () => {
    const song = songOf({
      pulse1: scale().slice(0, 8),
      pulse2: scale(0, [60, 62]),
      triangle: scale().map((note) => ({ ...note, volume: [{ time: note.start, value: 15 }] })),
      noise: [plainNote(0, 99, 3)],
    });
    const { sequences, dropped } = melodyEncoding.encode(song);
    expect(sequences.map(({ voice }) => voice)).toEqual(['triangle']);
    expect(dropped).toEqual([
      { voice: 'pulse1', reason: 'shorter than 2 bars' },
      { voice: 'pulse2', reason: 'fewer than 3 pitch classes' },
    ]);
  });

  it("cuts at Magenta's 512 steps under Magenta's rules only", () => {
    const long = Array.from({ length: 20 }, (_, index) => scale(index * 32)).flat();
    expect(encode(long).sequences[0].events).toHaveLength(640);
    expect(encode(long, MAGENTA_RULES).sequences[0].events).toHaveLength(512);
  });

  it('encodes what it decodes to the same events, for every song', () => {
    const songs = anySong(fc.double({ min: 40, max: 300, noNaN: true }));
    const encoding = createMelodyEncoding({ ...NES_RULES, minimumBars: 0, minimumPitchClasses: 0 });
    fc.assert(
      fc.property(songs, (song) => {
        const { tempo, meter } = song;
        for (const { events, bar } of encoding.encode(song).sequences) {
          const decoded = encoding.decode(events, { title: 'again', beatsPerMinute: tempo.beatsPerMinute, meter });
          expect(encoding.encode(decoded).sequences).toEqual([{ voice: 'pulse1', bar, events, transposition: 0 }]);
        }
      }),
    );
  });

  it('tells the bars of a song, from which its meter comes back', () => {
    const meters = ['4/4', '3/4', '6/8', '2/4', '9/8', '3/2'].map((written) => {
      const [beats, unit] = written.split('/').map(Number) as [number, 4];
      const song = songOf({ pulse1: scale() }, { meter: { beats, unit, origin: 'given' } });
      const [{ events, bar }] = createMelodyEncoding({ ...NES_RULES, minimumBars: 0 }).encode(song).sequences;
      const { meter } = melodyEncoding.decode(events, { title: '', meter: meterOfBar(bar) });
      return `${meter.beats}/${meter.unit}`;
    });
    // A bar of 12 sixteenths is 3/4 as well as 6/8, and one of 24 is 6/4 as well as 3/2.
    expect(meters).toEqual(['4/4', '3/4', '3/4', '2/4', '9/8', '6/4']);
  });

  it('decodes any events that the grammar allows into a song that keeps the contract', () => {
    const random = new Random(8);
    for (let round = 0; round < 200; round++) {
      const events: number[] = [];
      while (events.length < 64) {
        const event = random.nextInteger(melodyEncoding.classes);
        if (melodyEncoding.allowedAfter(events.at(-1))[event]) events.push(event);
      }
      const song = melodyEncoding.decode(events, { title: 'sampled' });
      checkSong(song);
      expect(song.tempo.beatsPerMinute).toBe(120);
      expect(song.voices.pulse1.length).toBe(events.filter((event) => event > 1).length);
    }
  });

  it('allows no note-off first or after a note-off, and everything else', () => {
    expect(melodyEncoding.allowedAfter(undefined).filter((allowed) => !allowed)).toHaveLength(1);
    expect(melodyEncoding.allowedAfter(undefined)[1]).toBe(false);
    expect(melodyEncoding.allowedAfter(1)[1]).toBe(false);
    expect(melodyEncoding.allowedAfter(14).every((allowed) => allowed)).toBe(true);
  });

  it('encodes pitches for sampling to start from, and refuses those out of range', () => {
    expect(melodyEncoding.encodePitches([48, 60, 83])).toEqual([2, 14, 37]);
    expect(() => melodyEncoding.encodePitches([60, 84])).toThrow(/pitch 84.*use 48 to 83/);
  });

  it('describes events, and refuses what is none', () => {
    expect([0, 1, 2, 14, 37].map(melodyEncoding.describe)).toEqual([
      'no event',
      'note off',
      'note C3',
      'note C4',
      'note B5',
    ]);
    expect(() => melodyEncoding.decode([3, 38], { title: 'x' })).toThrow(
      new DataError('event 1', '38 is not a class of melody (0..37)', 'use a melody model'),
    );
  });
});

describe('findEncoding', () => {
  it('finds an encoding by its name, and refuses unknown names and other versions', () => {
    expect(findEncoding('melody', melodyEncoding.version)).toBe(melodyEncoding);
    expect(() => findEncoding('harmony')).toThrow(/"harmony": does not exist; choose one of: melody/);
    expect(() => findEncoding('melody', 99)).toThrow(/version 99/);
  });
});
