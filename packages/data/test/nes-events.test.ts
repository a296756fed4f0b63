import { type Note, VOICE_NAMES } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameNote } from '../src/encodings/nes-events/frame-note.ts';
import { type FrameSong, framesOf } from '../src/encodings/nes-events/frames.ts';
import { formatMacro, type Macro, macroOf, parseMacro, valueAt } from '../src/encodings/nes-events/macro.ts';
import { notesOfPhrase, PhraseFinder } from '../src/encodings/nes-events/phrases.ts';
import {
  checkSong,
  createNesEventsEncoding,
  FRAME_TICKS,
  findEncoding,
  learnMacros,
  nesEventsEncoding,
  Random,
  readMidi,
  type Song,
  tx1Encoding,
  withEstimatedTiming,
} from '../src/index.ts';
import { hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const encode = (song: Song) => nesEventsEncoding.encode(song).sequences[0].events;
const decode = (events: ArrayLike<number>) => nesEventsEncoding.decode(events, { title: 'again' });
const isAllowed = (events: ArrayLike<number>) =>
  Array.from(events).every(
    (event, index) => nesEventsEncoding.allowedAfter(index > 0 ? events[index - 1] : undefined)[event],
  );

/** Each frame's pitch and volume, 0 for silence. */
function soundsOf(notes: readonly FrameNote[]): { pitch: number; volume: number }[] {
  const frames: { pitch: number; volume: number }[] = [];
  for (const { start, pitch, volumes } of notes) {
    while (frames.length < start) frames.push({ pitch: 0, volume: 0 });
    for (const volume of volumes) frames.push({ pitch, volume });
  }
  return frames;
}
const pitches = (notes: readonly FrameNote[]) =>
  soundsOf(notes)
    .map(({ pitch }) => pitch)
    .join(' ');

const at = (frame: number) => Math.round(frame * FRAME_TICKS);
const noteAt = (start: number, end: number, pitch: number) => plainNote(at(start), at(end), pitch);

describe('macros', () => {
  it('finds the intro and the loop, and holds the last value otherwise', () => {
    expect(formatMacro(macroOf([15, 12, 10, 10, 10]))).toBe('15 12 | 10');
    expect(formatMacro(macroOf([0, 0, 4, 7, 0, 4, 7, 0, 4]))).toBe('0 | 0 4 7');
    expect(formatMacro(macroOf([3]))).toBe('3');
  });

  it('gives the values it was made of, through its text form too', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 40 }), (values) => {
        const macro = parseMacro(formatMacro(macroOf(values)));
        expect(values.map((_, frame) => valueAt(macro, frame))).toEqual(values);
      }),
    );
  });

  it('learns the envelopes that most notes have, if several games have them', () => {
    const songWith = (shape: number[], count: number): FrameSong => {
      const notes = Array.from({ length: count }, (_, index) => ({
        start: index * 20,
        pitch: 60,
        volumes: shape,
        duties: shape.map(() => 2),
      }));
      return { phase: 0, frames: count * 20, voices: { pulse1: notes, pulse2: [], triangle: [], noise: [] } };
    };
    const songs = [
      { group: 'a', song: songWith([15, 12, 9], 30) },
      { group: 'b', song: songWith([15, 12, 9], 5) },
      { group: 'b', song: songWith([15, 12], 5) },
      { group: 'a', song: songWith([7, 7, 1], 50) },
      { group: 'c', song: songWith([4, 4], 2) },
      { group: 'a', song: songWith([4, 4], 2) },
    ];
    const macros = learnMacros(songs, { arpeggios: 4, volumes: 2, duties: 2, fewestGroups: 2 });
    expect(macros.volumes.map(formatMacro)).toEqual(['15 12 | 9', '4']);
    expect(macros.duties.map(formatMacro)).toEqual(['2']);
    expect(macros.arpeggios.map(formatMacro)).toEqual(['0']);

    // An encoding with them has a name of its own, so that nothing that was made with them is read with others.
    const { name } = createNesEventsEncoding(macros);
    expect(name).toMatch(/^nes-events-[0-9a-f]{8}$/);
    expect(createNesEventsEncoding(macros).name).toBe(name);
    expect(() => findEncoding(name)).toThrow(/does not exist/);
    expect(createNesEventsEncoding().name).toBe('nes-events');
  });
});

describe('phrases', () => {
  const arpeggios = ['0', '0 4 7', '0 0 3', '0 4 | 7', '0 -1 | -2'].map(parseMacro);
  const expand = (phrase: FrameNote, macro: Macro) => notesOfPhrase(phrase, macro, 0, 127);
  /** Notes that mostly follow at once, a few of them the same note again. */
  const lines = fc
    .array(
      fc.record({ gap: fc.nat(5), interval: fc.integer({ min: -2, max: 7 }), length: fc.integer({ min: 1, max: 3 }) }),
    )
    .map((steps) => {
      let end = 0;
      return steps.map(({ gap, interval, length }): FrameNote => {
        const start = end + Math.max(0, gap - 4);
        end = start + length;
        const frames = Array.from({ length }, (_, frame) => 1 + ((start + frame) % 15));
        return { start, pitch: 60 + interval, volumes: frames, duties: frames };
      });
    });

  it('are the notes themselves, in fewer parts', () => {
    const arpeggio = [0, 4, 7, 0, 4, 7, 0].map((interval, start) => ({
      start,
      pitch: 60 + interval,
      volumes: [9],
      duties: [1],
    }));
    const [phrase, ...others] = new PhraseFinder(arpeggios).phrasesOf(arpeggio);
    expect(others).toEqual([]);
    expect(phrase).toMatchObject({ start: 0, pitch: 60, arpeggio: 1, volumes: [9, 9, 9, 9, 9, 9, 9] });
    fc.assert(
      fc.property(lines, (notes) => {
        const phrases = new PhraseFinder(arpeggios).phrasesOf(notes);
        expect(phrases.flatMap((phrase) => expand(phrase, arpeggios[phrase.arpeggio]))).toEqual(notes);
      }),
    );
  });

  it('have no macro that gives two notes more where another was taken', () => {
    /** How many of some notes a macro gives, said otherwise than in the finder: the notes are expanded and compared. */
    const covered = (notes: readonly FrameNote[], macro: Macro): number => {
      let count = 0;
      for (let end = 1; end <= notes.length; end++) {
        const some = notes.slice(0, end);
        const volumes = some.flatMap((note) => note.volumes);
        const given = expand({ ...notes[0], volumes, duties: volumes }, macro);
        const isOne = some.every(({ start }, index) => start === notes[0].start + sum(some.slice(0, index)));
        if (isOne && JSON.stringify(given) === JSON.stringify(some)) count = end;
      }
      return count;
    };
    const sum = (notes: readonly FrameNote[]) => notes.reduce((frames, { volumes }) => frames + volumes.length, 0);
    fc.assert(
      fc.property(lines, (notes) => {
        let index = 0;
        for (const { arpeggio, volumes } of new PhraseFinder(arpeggios).phrasesOf(notes)) {
          const taken = covered(notes.slice(index), arpeggios[arpeggio]);
          expect(sum(notes.slice(index, index + taken))).toBe(volumes.length);
          for (const macro of arpeggios) expect(covered(notes.slice(index), macro)).toBeLessThan(taken + 2);
          index += taken;
        }
      }),
    );
  });
});

describe('nes-events', () => {
  it('says a length and an envelope once, and then notes alone', () => {
    const notes = [60, 62, 64, 65, 67].map((pitch, index) => noteAt(index * 10, index * 10 + 10, pitch));
    const words = [...encode(songOf({ pulse1: notes }))].map(nesEventsEncoding.describe);
    // 120 bpm: a bar of 4/4 is 2 s, 120.1976 frames: 120 and 13/64.
    expect(words.slice(1, 7)).toEqual(['meter 1', 'barFrames 120', 'barFraction 13', 'upbeat 0', 'bar', 'length 10']);
    expect(words.slice(7).map((word) => word.replace(/^volume \d+/, 'volume'))).toEqual([
      ...['volume', 'P1 note 60', 'P1 slur 62', 'P1 slur 64', 'P1 slur 65', 'P1 slur 67', 'end 50'],
    ]);
  });

  it('tells silence within a length by a gate', () => {
    const notes = [0, 10, 20, 30].map((frame) => noteAt(frame, frame + 4, 60));
    const song = songOf({ triangle: notes.map((note) => ({ ...note, volume: [{ time: note.start, value: 15 }] })) });
    const words = [...encode(song)].map(nesEventsEncoding.describe).slice(6);
    expect(words).toEqual(['length 10', 'gate 4', 'TR note 60', 'TR note 60', 'TR note 60', 'TR note 60', 'end 34']);
  });

  it('keeps the pitch of every voice in every frame, and the length, of any song', () => {
    fc.assert(
      fc.property(anySong(fc.double({ min: 40, max: 300, noNaN: true })), (song) => {
        for (const { events } of nesEventsEncoding.encode(song).sequences) {
          const decoded = decode(events);
          checkSong(decoded);
          expect(isAllowed(events)).toBe(true);
          const before = framesOf(song);
          const after = framesOf(decoded);
          for (const voice of VOICE_NAMES) expect(pitches(after.voices[voice])).toEqual(pitches(before.voices[voice]));
          expect(Math.abs(decoded.duration - song.duration)).toBeLessThanOrEqual(2 * FRAME_TICKS);
        }
      }),
    );
  });

  it('lengthens long notes, and waits after them', () => {
    const song = songOf({ pulse2: [noteAt(5, 1000, 50), noteAt(1300, 1500, 52), noteAt(1510, 1512, 53)] });
    const decoded = framesOf(decode(encode(song)));
    expect(pitches(decoded.voices.pulse2)).toEqual(pitches(framesOf(song).voices.pulse2));
    expect(decoded.voices.pulse2).toHaveLength(3);
  });

  it('gives the same events again where the macros are exact', () => {
    const notes = [60, 62, 64, 65].map((pitch, index) => noteAt(index * 14, index * 14 + 10, pitch));
    const events = encode(songOf({ pulse1: notes, noise: [noteAt(3, 5, 4), noteAt(40, 44, 8)] }));
    expect(encode(decode(events))).toEqual(events);
  });

  it('decodes any events that the grammar allows, and any events at all, into a song that keeps the contract', () => {
    const random = new Random(3);
    for (let round = 0; round < 60; round++) {
      const allowed: number[] = [];
      const wild: number[] = [];
      while (allowed.length < 80) {
        const event = random.nextInteger(nesEventsEncoding.classes);
        if (wild.length < 80) wild.push(event);
        if (nesEventsEncoding.allowedAfter(allowed.at(-1))[event]) allowed.push(event);
        else if (allowed.length === 0) allowed.push(nesEventsEncoding.allowedAfter(undefined).indexOf(true));
        if (nesEventsEncoding.describe(allowed[allowed.length - 1]).startsWith('end')) break;
      }
      checkSong(decode(allowed));
      checkSong(decode(wild));
    }
  });

  it('refuses events and pitches that it has not', () => {
    expect(() => decode([0, 99_999])).toThrow(/event 1: 99999 is not a class of nes-events/);
    expect(() => nesEventsEncoding.encodePitches([12])).toThrow(/pitch 12.*use 33 to 108/);
    const { voices } = decode(nesEventsEncoding.encodePitches([60, 64]));
    expect(voices.pulse1.map(({ pitch }) => pitch)).toEqual([60, 64]);
  });
});

describe("the triangle's quarter clock", () => {
  /** Quarter n of the chip's frame counter, as logged with an offset of one tick. */
  const quarter = (n: number) => Math.floor(n * 183.75) + 1;
  /** The first quarter at or after a frame: where the chip takes notice of what was written in the frame. */
  const quarterOf = (frame: number) => Math.ceil((frame * FRAME_TICKS - 1) / 183.75);
  const triangle = (start: number, end: number, pitch: number) => plainNote(start, end, pitch, 'triangle');
  const gated = (frame: number, quarters: number) =>
    triangle(quarter(quarterOf(frame)), quarter(quarterOf(frame) + quarters), 40);
  // Pulses in frames, so that the frames are known.
  const pulse1 = Array.from({ length: 40 }, (_, index) => noteAt(index * 15, index * 15 + 15, 60 + (index % 2)));
  const clocked = songOf({ pulse1, triangle: pulse1.map((_, index) => gated(index * 15 + 3, 21)) });

  it('says the quarters of a note as its gate, always the same, where frames would differ', () => {
    const events = [...encode(clocked)];
    const words = events.map(nesEventsEncoding.describe);
    expect(words.slice(0, 2)).toEqual(['phase 8', 'clock 1']);
    expect(words.filter((word) => word.startsWith('gate'))).toEqual(['gate 21']);
    expect(isAllowed(events)).toBe(true);
    // 21 quarters are 5.26 frames, and 5 or 6 when rounded: the same voice a tick later has no clock.
    const unclocked = clocked.voices.triangle.map((note, index) => ({ ...note, end: note.end + 1 + (index % 90) }));
    const others = [...encode({ ...clocked, voices: { ...clocked.voices, triangle: unclocked } })];
    expect(others.map(nesEventsEncoding.describe)[1]).toBe('meter 1');
    expect(others.length).toBeGreaterThan(events.length);
  });

  it('gives starts and ends on the clock again, within a quarter, and the quarters exactly', () => {
    const decoded = decode(encode(clocked)).voices.triangle;
    expect(decoded).toHaveLength(40);
    const numberOf = (tick: number) => Math.round((tick - 1) / 183.75);
    for (const [index, { start, end }] of decoded.entries()) {
      expect([start, end]).toEqual([quarter(numberOf(start)), quarter(numberOf(end))]);
      expect(numberOf(end) - numberOf(start)).toBe(21);
      expect(Math.abs(numberOf(start) - quarterOf(index * 15 + 3))).toBeLessThanOrEqual(1);
    }
  });

  it('keeps any line of it: joined notes, notes too long for the counter, arpeggios', () => {
    const part = fc.record({
      rest: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })),
      pitch: fc.integer({ min: 30, max: 42 }),
      frames: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 30, max: 60 })),
    });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 30 }), (parts) => {
        // Some plain notes first, so that there is a clock whatever follows.
        const notes = [0, 20, 40, 60].map((frame) => gated(frame, 30));
        let frame = 80;
        let isJoined = false;
        for (const [index, { rest, pitch, frames }] of parts.entries()) {
          frame += isJoined ? 0 : rest + 1;
          const end = frame + frames;
          const next = parts[index + 1];
          const joins = next?.rest === 0 && next.pitch !== pitch;
          const start = isJoined ? at(frame) : quarter(quarterOf(frame));
          notes.push(triangle(start, joins ? at(end) : quarter(quarterOf(end)), pitch));
          isJoined = joins;
          frame = end;
        }
        const song = songOf({ pulse1, triangle: notes });
        const events = encode(song);
        expect(isAllowed(events)).toBe(true);
        const decoded = decode(events);
        checkSong(decoded);
        const { triangle: again } = decoded.voices;
        expect(again.map(({ pitch }) => pitch)).toEqual(notes.map(({ pitch }) => pitch));
        for (const [index, { start, end }] of again.entries()) {
          expect(Math.abs(start - notes[index].start)).toBeLessThan(FRAME_TICKS / 2);
          expect(Math.abs(end - notes[index].end)).toBeLessThan(FRAME_TICKS / 2);
        }
      }),
      { seed: 21 },
    );
  });
});

describe.skipIf(!hasNesMdb)(`${NESMDB_NOTE}, nes-events`, () => {
  it('takes at most 0.6 of the events of TX1 and keeps the pitch of 99 % of 60ths of a second, volumes within a step', async () => {
    const songs: Song[] = [];
    let number = 0;
    for await (const { path, bytes } of nesMdbFiles()) {
      const isValid = path.includes('/valid/') && path.endsWith('.mid');
      if (isValid && number++ % 12 === 0) songs.push(readMidi(bytes, path).song);
    }
    const counts = { ours: 0, tx1: 0, sounding: 0, volumeError: 0 };
    const frames = { pulse1: 0, pulse2: 0, triangle: 0, noise: 0 };
    const right = { pulse1: 0, pulse2: 0, triangle: 0, noise: 0 };
    for (const song of songs) {
      if (Object.values(song.voices).flat().length === 0) continue;
      const { tempo, meter } = withEstimatedTiming(song);
      const events = encode({ ...song, tempo, meter });
      const decoded = decode(events);
      counts.ours += events.length;
      counts.tx1 += tx1Encoding.encode(song).sequences[0].events.length;
      const before = framesOf(song);
      const after = framesOf(decoded);
      for (const voice of VOICE_NAMES) {
        const heard = pitchesAt(decoded.voices[voice], song.duration);
        for (const [index, pitch] of pitchesAt(song.voices[voice], song.duration).entries()) {
          frames[voice]++;
          if (pitch === heard[index]) right[voice]++;
        }
        const got = soundsOf(after.voices[voice]);
        for (const [frame, { pitch, volume }] of soundsOf(before.voices[voice]).entries()) {
          if (pitch === 0) continue;
          counts.sounding++;
          counts.volumeError += Math.abs(volume - (got[frame]?.volume ?? 0));
        }
      }
    }
    expect(counts.ours / counts.tx1).toBeLessThan(0.6);
    for (const voice of VOICE_NAMES) expect(right[voice] / frames[voice], voice).toBeGreaterThan(0.99);
    expect(counts.volumeError / counts.sounding).toBeLessThan(1);
  });
});

/** The pitch that sounds at each 60th of a second, 0 for silence. */
function pitchesAt(notes: readonly Note[], duration: number): number[] {
  const pitches: number[] = [];
  let index = 0;
  for (let tick = 0; tick < duration; tick += 735) {
    while (index < notes.length && notes[index].end <= tick) index++;
    pitches.push(index < notes.length && notes[index].start <= tick ? notes[index].pitch : 0);
  }
  return pitches;
}
