import { playScore, renderAudio, TICKS_PER_SECOND, unrollLoop, VOICE_NAMES } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import { closeMelody, cutToBars, releaseVoices } from '../src/arranging/finish.ts';
import {
  arrangeMelody,
  checkSong,
  embeddedTunes,
  FRAME_TICKS,
  melodyEncoding,
  Random,
  type Song,
  type TrackOptions,
  trackOf,
  tuneToSong,
} from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

const BEAT = 22_050;
const BAR = 4 * BEAT;
const options: TrackOptions = { voices: ['pulse1'], bars: 8, seed: 3, arranged: true, loops: false, keepsBars: false };

/** Melodies as a model writes them: tunes on the grid of 16ths at 120 bpm, and random ones that the grammar allows. */
const melodies: Song[] = [
  ...embeddedTunes()
    .filter((_, index) => index % 9 === 0)
    .flatMap((tune) => melodyEncoding.encode(tuneToSong(tune)).sequences)
    .map(({ events }) => melodyEncoding.decode(events, { title: 'tune' })),
  ...[1, 2, 3].map((seed) => {
    const random = new Random(seed);
    const events = Array.from({ length: 200 }, () => (random.nextFloat() < 0.4 ? 2 + random.nextInteger(36) : 0));
    return melodyEncoding.decode(events, { title: 'noise' });
  }),
];

const line = (starts: readonly number[], length: number, changes: Partial<Song> = {}) =>
  songOf({ pulse1: starts.map((start, index) => plainNote(start, start + length, 60 + index)) }, changes);

describe('cutToBars', () => {
  it('begins with the first bar line and ends with the last bar', () => {
    const song = line([0, BEAT, 2 * BEAT, 9 * BEAT, 12 * BEAT], 2 * BEAT, {
      duration: 15 * BEAT,
      tempo: { beatsPerMinute: 120, firstBeat: BEAT, origin: 'given', confidence: 1 },
    });
    const cut = cutToBars(
      { ...song, voices: { ...song.voices, pulse1: song.voices.pulse1.filter((_, at) => at !== 0) } },
      3,
    );
    expect(cut.duration).toBe(3 * BAR);
    expect(cut.tempo.firstBeat).toBe(0);
    expect(cut.voices.pulse1.map(({ start, end }) => [start / BEAT, end / BEAT])).toEqual([
      [0, 2],
      [1, 3],
      [8, 10],
      [11, 12],
    ]);
    expect(cutToBars(song, 99).duration).toBe(3 * BAR);
  });
});

describe('closeMelody', () => {
  it('holds the first note on a beat of the last bar to its end', () => {
    const closed = closeMelody(line([0, BAR + BEAT / 2, BAR + BEAT, BAR + 2 * BEAT], BEAT / 4, { duration: 2 * BAR }));
    expect(closed?.voices.pulse1.map(({ start, end }) => [start, end])).toEqual([
      [0, BEAT / 4],
      [BAR + BEAT / 2, BAR + 3 * (BEAT / 4)],
      [BAR + BEAT, 2 * BAR],
    ]);
  });

  it('keeps all notes of a melody of one bar, and holds the last', () => {
    const closed = closeMelody(line([0, BEAT, 2 * BEAT], BEAT / 2, { duration: BAR }));
    expect(closed?.voices.pulse1.map(({ end }) => end)).toEqual([BEAT / 2, BEAT + BEAT / 2, BAR]);
  });

  it('gives nothing where the last bar rests', () => {
    expect(closeMelody(line([0], BEAT, { duration: 2 * BAR }))).toBe(undefined);
  });
});

describe('releaseVoices', () => {
  it('fades what sounds at the end, within half a second', () => {
    const song = releaseVoices(line([0, BEAT], BEAT));
    const last = song.voices.pulse1[1];
    expect(last.volume.map(({ value }) => value)).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(last.end).toBeLessThanOrEqual(song.duration);
    expect(song.duration).toBe(2 * BEAT + BEAT);
    checkSong(song);
  });
});

describe('trackOf', () => {
  const tracks = (more: Partial<TrackOptions>) =>
    melodies.flatMap((melody) => trackOf(melody, { ...options, ...more }) ?? []);

  it('makes whole bars that come to an end, each voice within the last bar and half a second', () => {
    const made = tracks({});
    expect(made.length).toBeGreaterThan(melodies.length / 2);
    for (const song of made) {
      checkSong(song);
      const bar = (song.meter.beats * 4 * BEAT) / song.meter.unit;
      const bars = Math.floor(song.duration / bar);
      const rest = song.duration - bars * bar;
      expect(bars).toBeLessThanOrEqual(8);
      expect(rest).toBeLessThanOrEqual(TICKS_PER_SECOND / 2 + 1);
      const last = song.voices.pulse1[song.voices.pulse1.length - 1];
      expect(last.start).toBeGreaterThanOrEqual((bars - 1) * bar - 1);
      expect(last.end).toBeGreaterThanOrEqual(bars * bar - 1);
      for (const voice of VOICE_NAMES) expect(song.voices[voice].at(-1)?.end ?? 0).toBeLessThanOrEqual(song.duration);
    }
  });

  it('ends in silence: the last hundredth of a second is 40 dB below the music', () => {
    for (const song of tracks({ bars: 2 }).slice(0, 6)) {
      const sound = renderAudio(playScore(song), { sampleRate: 8000, fade: 0 });
      const level = (from: number, to: number) =>
        Math.sqrt(sound.subarray(from, to).reduce((sum, x) => sum + x * x, 0) / (to - from));
      expect(level(sound.length - 80, sound.length)).toBeLessThan(level(0, sound.length) / 100);
    }
  });

  it('loops in whole bars, in which the last is like any other', () => {
    for (const song of tracks({ loops: true })) {
      checkSong(song);
      const bar = (song.meter.beats * 4 * BEAT) / song.meter.unit;
      expect(Math.abs(song.duration / bar - Math.round(song.duration / bar)) * bar).toBeLessThan(2);
      const drumsIn = (from: number) =>
        song.voices.noise.filter(({ start }) => start >= from - 2 && start < from + bar - 2).length;
      expect(drumsIn(song.duration - bar)).toBeGreaterThan(1);
      expect(playScore(song).loop).toBe(0);
    }
  });

  it('sounds the second time round as the first, but for the phase of its voices', () => {
    const [song] = tracks({ loops: true, bars: 2 });
    const log = playScore(song);
    const twice = unrollLoop(log, 2);
    const registers = (from: number, to: number) => {
      const held = new Map<number, number>();
      return twice.writes
        .filter(({ cycle }) => cycle >= from && cycle < to)
        .flatMap(({ cycle, register, value }) => {
          const isNews = held.get(register) !== value;
          held.set(register, value);
          return isNews ? [[Math.round((cycle - from) / FRAME_TICKS), register, value].join()] : [];
        });
    };
    expect(registers(log.duration, twice.duration)).toEqual(registers(0, log.duration));
  });

  it('keeps the bars it is given where it is told to', () => {
    const [melody] = melodies;
    const track = trackOf(melody, { ...options, keepsBars: true });
    expect(track?.meter).toEqual(melody.meter);
  });

  it('adds only the voices that the model did not write, and leaves those that it wrote as they are', () => {
    const music = arrangeMelody(melodies[0], { seed: 1 });
    const written = { ...music, voices: { ...music.voices, noise: [] } };
    const voices = ['pulse1', 'pulse2', 'triangle'] as const;
    const track = trackOf(written, { ...options, voices, loops: true });
    const cut = trackOf(written, { ...options, voices, loops: true, arranged: false });
    for (const voice of voices) expect(track?.voices[voice]).toEqual(cut?.voices[voice]);
    expect([track?.voices.noise.length, cut?.voices.noise.length]).toEqual([expect.any(Number), 0]);
    expect(track?.voices.noise.length).toBeGreaterThan(8);
    const whole = trackOf(music, { ...options, voices: VOICE_NAMES, loops: true });
    expect(whole).toEqual(trackOf(music, { ...options, voices: VOICE_NAMES, loops: true, arranged: false }));
  });
});
