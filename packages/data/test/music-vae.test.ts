import { describe, expect, it } from 'vitest';
import { trioInputs, vaeSixteenBarEncoding, vaeTrioEncoding, vaeTwoBarEncoding } from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

/** A 16th at 120 bpm. */
const STEP = 5512.5;
const at = (step: number) => Math.round(step * STEP);
const pulse = (start: number, end: number, pitch: number) => plainNote(at(start), at(end), pitch);
/** A note on every quarter of some bars, each two steps long, ever higher. */
const quarters = (bars: number) =>
  Array.from({ length: 4 * bars }, (_, index) => pulse(4 * index, 4 * index + 2, 60 + (index % 12)));

describe('music-vae melodies', () => {
  it('has 90 classes and windows of 32 and 256 steps, one a bar', () => {
    expect([vaeTwoBarEncoding.classes, vaeSixteenBarEncoding.classes]).toEqual([90, 90]);
    const song = songOf({ pulse1: quarters(18) });
    const windows = vaeTwoBarEncoding.encode(song).sequences.map(({ events }) => [...events]);
    // 17 windows, but the notes repeat every three bars.
    expect(windows).toHaveLength(3);
    expect(windows.every((window) => window.length === 32)).toBe(true);
    expect(windows[0].slice(0, 8)).toEqual([60 - 19, 0, 1, 0, 61 - 19, 0, 1, 0]);
    expect(vaeSixteenBarEncoding.encode(song).sequences.map(({ events }) => events.length)).toEqual([256, 256, 256]);
  });

  it('drops what is too short, and says so; a note held into a window is not in it', () => {
    const short = songOf({ pulse1: quarters(2), noise: [plainNote(0, 99, 3)] });
    expect(vaeSixteenBarEncoding.encode(short).dropped).toEqual([
      { voice: 'noise', reason: 'the encoding has no noise' },
      { voice: 'pulse1', reason: 'no 16 bars together' },
    ]);
    const held = songOf({ pulse1: [pulse(0, 20, 60), pulse(24, 33, 62), pulse(36, 48, 64)] });
    const [, second] = vaeTwoBarEncoding.encode(held).sequences.map(({ events }) => [...events]);
    expect(second.slice(0, 9)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 62 - 19]);
  });
});

describe('music-vae trio', () => {
  const bass = Array.from({ length: 64 }, (_, index) => plainNote(at(4 * index), at(4 * index + 4), 40, 'triangle'));
  const noise = Array.from({ length: 64 }, (_, index) =>
    plainNote(at(4 * index), at(4 * index) + 999, [3, 15][index % 2], 'noise'),
  );
  const song = songOf({ pulse1: quarters(16), triangle: bass, noise });

  it('has 692 classes: melody, bass and drums of each step', () => {
    expect(vaeTrioEncoding.classes).toBe(692);
    const [{ voice, events }, ...others] = vaeTrioEncoding.encode(song).sequences;
    expect([voice, events.length, others]).toEqual(['all', 3 * 256, []]);
    // The bass drum is bit 0, the closed hi-hat bit 2.
    expect([...events].slice(0, 15)).toEqual([
      ...[60 - 19, 90 + 40 - 19, 180 + 1],
      ...[0, 90, 180],
      ...[1, 90, 180],
      ...[0, 90, 180],
      ...[61 - 19, 90 + 40 - 19, 180 + 4],
    ]);
  });

  it('sets three inputs of 692 a step', () => {
    const inputs = trioInputs(vaeTrioEncoding.encode(song).sequences[0].events);
    expect(inputs.length).toBe(256 * 692);
    expect([...inputs.subarray(0, 692)].flatMap((value, index) => (value ? [index] : []))).toEqual([41, 111, 181]);
  });

  it('plays of several drums the first, and gives a trio for each pulse', () => {
    const drums = (drumClass: number) =>
      vaeTrioEncoding.decode([0, 90, 180 + drumClass], { title: 'x' }).voices.noise.map(({ pitch }) => pitch);
    expect([drums(0), drums(0b110), drums(0b100000000)]).toEqual([[], [10], [13]]);
    expect(
      vaeTrioEncoding.encode({ ...song, voices: { ...song.voices, pulse2: quarters(16) } }).sequences,
    ).toHaveLength(2);
    expect(vaeTrioEncoding.encode(songOf({ pulse1: quarters(16) })).dropped).toEqual([
      { voice: 'pulse1', reason: 'no trio of pulse, triangle and noise' },
    ]);
  });
});
