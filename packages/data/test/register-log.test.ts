import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import {
  type Note,
  NTSC_CPU_CLOCK,
  PAL_CPU_CLOCK,
  playScore,
  type RegisterLog,
  readVgm,
  VOICE_NAMES,
  VOICE_RANGES,
  type VoiceName,
  writeVgm,
} from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkSong,
  DataError,
  FRAME_TICKS,
  latchToFrames,
  readMidi,
  readVgmSong,
  type Song,
  songFromRegisterLog,
  withEstimatedTiming,
} from '../src/index.ts';
import { DATA_FOLDER, hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';
import { songOf } from './support/songs.ts';
import { tuneSong } from './support/tunes.ts';

const tick = (frame: number) => Math.round(frame * FRAME_TICKS);

/** A note in frames, as the generator makes it. */
interface Written {
  readonly start: number;
  readonly frames: number;
  readonly pitch: number;
  readonly volumes: readonly number[];
  readonly duties: readonly number[];
}

/**
 * Any voice on the grid of frames. Volume and duty of a note change from frame to frame; repeats of a pitch without a
 * gap included.
 */
function anyVoice(voice: VoiceName): fc.Arbitrary<Written[]> {
  const { lowestPitch, highestPitch, highestDuty } = VOICE_RANGES[voice];
  const values = (lowest: number, highest: number) =>
    fc.array(fc.integer({ min: lowest, max: highest }), { minLength: 1, maxLength: 4 });
  const one = fc.record({
    rest: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 })),
    frames: fc.integer({ min: 2, max: 30 }),
    pitch: fc.oneof(
      fc.integer({ min: lowestPitch, max: highestPitch }),
      fc.integer({ min: 12, max: 14 }).map((step) => Math.min(highestPitch, lowestPitch + step)),
    ),
    volumes: voice === 'triangle' ? fc.constant([15]) : values(1, 15),
    duties: values(0, highestDuty),
  });
  return fc.array(one, { maxLength: 12 }).map((items) => {
    let frame = 0;
    return items.map(({ rest, ...item }) => {
      const start = frame + rest;
      frame = start + item.frames;
      return { ...item, start };
    });
  });
}

const curve = (start: number, frames: number, values: readonly number[]) =>
  values
    .slice(0, frames)
    .map((value, at) => ({ time: tick(start + at), value }))
    .filter(({ value }, at) => value !== values[at - 1]);

const noteOf = ({ start, frames, pitch, volumes, duties }: Written): Note => ({
  start: tick(start),
  end: tick(start + frames),
  pitch,
  volume: curve(start, frames, volumes),
  duty: curve(start, frames, duties),
});

/**
 * What the driver makes of a voice: a note before its like, without a gap and not quieter at its end, loses its last
 * frame.
 */
function asPlayed(notes: readonly Written[]): Written[] {
  return notes.map((note, at) => {
    const next = notes[at + 1];
    const last = note.volumes[Math.min(note.volumes.length, note.frames) - 1];
    const cut = next?.pitch === note.pitch && next.start === note.start + note.frames && next.volumes[0] <= last;
    return cut ? { ...note, frames: note.frames - 1 } : note;
  });
}

const anyVoices = fc.record({
  pulse1: anyVoice('pulse1'),
  pulse2: anyVoice('pulse2'),
  triangle: anyVoice('triangle'),
  noise: anyVoice('noise'),
});
const notesOf = (written: Record<VoiceName, Written[]>, change = (notes: Written[]) => notes) =>
  Object.fromEntries(
    VOICE_NAMES.map((voice) => [voice, change(written[voice]).map(noteOf)]),
  ) as unknown as Song['voices'];

describe('Song -> RegisterLog -> Song', () => {
  it.each(['ntsc', 'through a VGM file'] as const)('gives the same notes, %s', (way) => {
    fc.assert(
      fc.property(anyVoices, (written) => {
        const log = playScore(songOf(notesOf(written)));
        const back = songFromRegisterLog(way === 'ntsc' ? log : readVgm(writeVgm(log)), 'back').song;
        checkSong(back);
        expect(back.voices).toEqual(notesOf(written, asPlayed));
      }),
      { numRuns: 150, seed: 4 },
    );
  });

  it('gives arpeggios back, another pitch each frame', () => {
    const chord = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(chord, fc.integer({ min: 33, max: 93 }), fc.integer({ min: 2, max: 40 }), (steps, root, frames) => {
        const notes = (lowest: number, volumes: readonly number[]) =>
          Array.from({ length: frames }, (_, start) =>
            noteOf({ start, frames: 1, pitch: lowest + steps[start % steps.length], volumes, duties: [0] }),
          );
        const voices = {
          pulse1: notes(root, [9]),
          pulse2: notes(33, [1]),
          triangle: notes(root - 12, [15]),
          noise: notes(1, [7]),
        };
        expect(songFromRegisterLog(playScore(songOf(voices)), 'back').song.voices).toEqual(voices);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('gives the same pitches on a PAL console, a frame of 1/50 s each', () => {
    const palTick = (frame: number) => Math.round((frame * 44_100 * 33_247.5) / PAL_CPU_CLOCK);
    const notes = [40, 52, 64, 76].map((pitch, at) => ({
      start: palTick(at * 8),
      end: palTick(at * 8 + 6),
      pitch,
      volume: [{ time: palTick(at * 8), value: 9 }],
      duty: [{ time: palTick(at * 8), value: 1 }],
    }));
    const back = songFromRegisterLog(playScore(songOf({ pulse1: notes }), { region: 'pal' }), 'back').song;
    expect(back.voices.pulse1).toEqual(notes);
  });

  it('keeps the tempo that the notes tell', () => {
    const song = songFromRegisterLog(playScore(tuneSong(3, 8)), 'tune').song;
    expect(song.tempo.origin).toBe('assumed');
    const { beatsPerMinute, origin } = withEstimatedTiming(song).tempo;
    expect(origin).toBe('estimated');
    expect([60, 120, 240].some((bpm) => Math.abs(beatsPerMinute / bpm - 1) < 0.01)).toBe(true);
  });
});

/** Writes at the start of frames: [frame, register, value]. The frame is of 29,780.5 cycles unless told. */
function logOf(writes: readonly (readonly [number, number, number])[], frames: number, frame = 29_780.5): RegisterLog {
  const counts = new Map<number, number>();
  return {
    clock: NTSC_CPU_CLOCK,
    writes: [[0, 0x4015, 0x0f] as const, ...writes].map(([at, register, value]) => {
      const place = counts.get(at) ?? 0;
      counts.set(at, place + 1);
      return { cycle: Math.floor(at * frame) + 12 * place, register, value };
    }),
    duration: Math.ceil(frames * frame),
  };
}

/** Start and length in frames, and pitch. */
const inFrames = (notes: readonly Note[]) =>
  notes.map(({ start, end, pitch }) => [
    Math.round(start / FRAME_TICKS),
    Math.round((end - start) / FRAME_TICKS),
    pitch,
  ]);
const values = (changes: Note['volume']) => changes.map(({ time, value }) => [Math.round(time / FRAME_TICKS), value]);

describe('a log of the hardware', () => {
  it('never shows the pitch between the two writes of a timer', () => {
    // 0x1ab is A3, 0x0fd A4; between the writes stands 0x1fd or 0x0ab.
    const log = logOf(
      [
        [0, 0x4000, 0xbf],
        [0, 0x4001, 0x08],
        [0, 0x4002, 0xfb],
        [0, 0x4003, 0x09],
        [10, 0x4002, 0xfd],
        [10, 0x4003, 0x08],
        [20, 0x4002, 0xfb],
        [20, 0x4003, 0x09],
      ],
      30,
    );
    expect(inFrames(songFromRegisterLog(log, 'split').song.voices.pulse1)).toEqual([
      [0, 10, 57],
      [10, 10, 69],
      [20, 10, 57],
    ]);
  });

  it('ends notes where the length counter runs out, or the triangle at its linear counter', () => {
    const log = logOf(
      [
        [0, 0x4017, 0x40],
        [5, 0x4000, 0x9c],
        [5, 0x4001, 0x08],
        [5, 0x4002, 0xfd],
        [5, 0x4003, 0x28], // 4 half frames
        [5, 0x4008, 0x08], // 8 quarter frames
        [5, 0x400a, 0xfd],
        [5, 0x400b, 0x08],
      ],
      20,
    );
    const { voices } = songFromRegisterLog(log, 'length').song;
    expect(inFrames(voices.pulse1)).toEqual([[5, 2, 69]]);
    expect(inFrames(voices.triangle)).toEqual([[5, 2, 57]]);
  });

  it('shows a decaying envelope as a curve, and a new hit as a new note', () => {
    const hit = (frame: number) => [frame, 0x400f, 0x08] as const;
    // One step less every 2 quarter frames: about 2 a frame.
    const log = logOf([[0, 0x4017, 0x40], [2, 0x400c, 0x01], [2, 0x400e, 0x06], hit(2), hit(7), hit(9)], 40);
    const { noise } = songFromRegisterLog(log, 'drum').song.voices;
    expect(inFrames(noise)).toEqual([
      [2, 5, 10],
      [7, 2, 10],
      [9, 8, 10],
    ]);
    for (const { volume } of noise) {
      expect(volume[0].value).toBeGreaterThanOrEqual(14);
      const falls = volume.slice(1).map(({ value }, at) => volume[at].value - value);
      expect(Math.min(...falls)).toBeGreaterThan(0);
      expect(Math.max(...falls)).toBeLessThan(4);
    }
  });

  it('follows a sweep semitone by semitone, to the silence at its end', () => {
    const log = logOf(
      [
        [0, 0x4000, 0x7f],
        [0, 0x4001, 0x9c], // every 2 half frames, up by 1/16 of the period
        [0, 0x4002, 0x54],
        [0, 0x4003, 0x0b],
      ],
      200,
    );
    const pitches = songFromRegisterLog(log, 'sweep').song.voices.pulse1.map(({ pitch }) => pitch);
    expect(pitches.length).toBeGreaterThan(20);
    expect(pitches.every((pitch, at) => at === 0 || pitch > pitches[at - 1])).toBe(true);
  });

  it('takes frames of 735 samples for frames, without drift', () => {
    const frame = (735 * NTSC_CPU_CLOCK) / 44_100;
    const writes = Array.from({ length: 600 }, (_, at) => [
      [at * 6, 0x4002, at % 2 === 0 ? 0xfd : 0xe1] as const,
      [at * 6, 0x4000, 0xbf] as const,
    ]).flat();
    const { song, repairs } = songFromRegisterLog(
      logOf([[0, 0x4001, 8], [0, 0x4003, 8], ...writes], 3600, frame),
      '60 Hz',
    );
    expect(repairs).toEqual([]);
    expect(inFrames(song.voices.pulse1)).toEqual(
      Array.from({ length: 600 }, (_, at) => [at * 6, 6, at % 2 === 0 ? 69 : 71]),
    );
    expect(values(song.voices.pulse1[1].volume)).toEqual([[6, 15]]);
  });

  it('reports what it leaves out', () => {
    const log = logOf(
      [
        [0, 0x4008, 0xff],
        [0, 0x400a, 0x00],
        [0, 0x400b, 0x08],
        [0, 0x4015, 0x1f],
      ],
      9.4,
    );
    expect(songFromRegisterLog(log, 'left').repairs).toEqual([
      'triangle: took 10 frames outside MIDI 21..108 as silence',
      'left out the sample channel',
    ]);
    expect(() => songFromRegisterLog({ ...log, clock: 0 }, 'bad')).toThrow(DataError);
    expect(() => songFromRegisterLog({ ...log, duration: NTSC_CPU_CLOCK * 15_000 }, 'long')).toThrow(/lasts 4.2 hours/);
  });
});

describe('readVgmSong', () => {
  it('takes the title of the tag, or else of the file', () => {
    const log = playScore(tuneSong(1));
    expect(readVgmSong(writeVgm(log, { title: 'Étude' }), 'a/b.vgm').song.title).toBe('Étude');
    expect(readVgmSong(gzipSync(writeVgm(log)), 'a/b.vgz').song.title).toBe('b');
    const silent = writeVgm({ ...log, writes: [] });
    expect(() => readVgmSong(silent, 'a.vgm')).toThrow(`a.vgm, byte ${silent.length}: empty: has no notes`);
  });
});

/** Pitch of each frame, 0 where the voice is silent. */
function pitches(notes: readonly Note[], frames: number): number[] {
  const found = new Array<number>(frames).fill(0);
  for (const { start, end, pitch } of notes)
    found.fill(pitch, Math.round(start / FRAME_TICKS), Math.round(end / FRAME_TICKS));
  return found;
}

describe.skipIf(!hasNesMdb)(`Lawn Mower's logs against its MIDI files of ${NESMDB_NOTE}`, () => {
  it('have the same pitch in every frame of every voice', async () => {
    const names = ['202_LawnMower_01_02Game', '202_LawnMower_02_03LevelClear'];
    const midi = new Map<string, Uint8Array>();
    for await (const { path, bytes } of nesMdbFiles()) {
      midi.set(path.slice(path.lastIndexOf('/') + 1), bytes);
    }
    for (const name of names) {
      const place = `${DATA_FOLDER}/vgm/${name}.vgm`;
      expect(existsSync(place)).toBe(true);
      const { song, repairs } = readVgmSong(readFileSync(place), name);
      expect(repairs).toEqual([]);
      checkSong(song);
      const published = latchToFrames(readMidi(midi.get(`${name}.mid`) ?? new Uint8Array(0), name).song);
      const frames = Math.ceil(song.duration / FRAME_TICKS);
      for (const voice of VOICE_NAMES) {
        expect(pitches(song.voices[voice], frames)).toEqual(pitches(published.voices[voice], frames));
      }
    }
  });
});
