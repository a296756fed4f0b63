import { VOICE_NAMES } from '@chipsmith/apu';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AUGMENTATIONS,
  augmentEvents,
  augmentSong,
  checkSong,
  embeddedCorpus,
  monoEncoding,
  performanceEncoding,
  polyphonyEncoding,
  type Song,
} from '../src/index.ts';
import { anySong, plainNote, songOf } from './support/songs.ts';

const seeds = Array.from({ length: 300 }, (_, seed) => seed);
const song = songOf({
  pulse1: [plainNote(0, 10_000, 60), plainNote(10_000, 20_000, 108)],
  pulse2: [plainNote(0, 20_000, 50)],
  triangle: [plainNote(0, 20_000, 40, 'triangle')],
  noise: [plainNote(0, 9_000, 7)],
});
const lakhnes = seeds.map((seed) => augmentSong(song, AUGMENTATIONS.lakhnes, seed));
const sounding = ({ voices }: Song) => VOICE_NAMES.filter((voice) => voices[voice].length > 0);
const triangleShift = ({ voices }: Song) => voices.triangle.map(({ pitch }) => pitch - 40);

describe('augmentSong', () => {
  it('gives songs that keep the contract, the same for the same seed', () => {
    const kinds = fc.constantFrom(...Object.values(AUGMENTATIONS));
    fc.assert(
      fc.property(anySong(fc.double({ min: 60, max: 300, noNaN: true })), kinds, fc.nat(), (any, kind, seed) => {
        const changed = augmentSong(any, kind, seed);
        checkSong(changed);
        expect(augmentSong(any, kind, seed)).toEqual(changed);
      }),
    );
  });

  it("keeps 1 to 3 voices half the time under LakhNES' rules, each as often", () => {
    const counts = [1, 2, 3, 4].map((count) => lakhnes.filter((changed) => sounding(changed).length === count).length);
    // 300 draws: 50 of each subset and 150 whole, within four standard deviations (6.5 and 8.7).
    for (const count of counts.slice(0, 3)) expect(Math.abs(count - 50)).toBeLessThan(26);
    expect(Math.abs(counts[3] - 150)).toBeLessThan(35);
  });

  it('exchanges the pulses half the time', () => {
    const whole = lakhnes.filter((changed) => sounding(changed).length === 4);
    const swapped = whole.filter(({ voices }) => voices.pulse1.length === 1 && voices.pulse2.length > 0).length;
    expect(swapped / whole.length).toBeGreaterThan(0.3);
    expect(swapped / whole.length).toBeLessThan(0.85);
  });

  it('transposes by -6..6, leaves out what leaves the range, and never touches the noise', () => {
    const shifts = new Set(lakhnes.flatMap(triangleShift));
    expect([...shifts].sort((a, b) => a - b)).toEqual([-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6]);
    for (const changed of lakhnes) {
      expect(changed.voices.noise.every(({ pitch }) => pitch === 7)).toBe(true);
      const [shift] = triangleShift(changed);
      if (shift > 0) {
        const pitches = [...changed.voices.pulse1, ...changed.voices.pulse2].map(({ pitch }) => pitch);
        expect(pitches).not.toContain(108 + shift);
      }
    }
  });

  it("draws only transpositions that fit under Magenta's rules", () => {
    const changed = seeds.map((seed) => augmentSong(song, AUGMENTATIONS.polyphony, seed));
    expect(new Set(changed.flatMap(triangleShift))).toEqual(new Set([-4, -3, -2, -1, 0]));
    expect(changed.every(({ voices }) => voices.pulse1.length === 2)).toBe(true);
  });

  it('changes the speed, and the tempo with it', () => {
    const bpm = lakhnes.map(({ tempo }) => tempo.beatsPerMinute);
    expect(Math.min(...bpm)).toBeGreaterThanOrEqual(114);
    expect(Math.max(...bpm)).toBeLessThanOrEqual(126);
    for (const { tempo, duration } of lakhnes) expect(duration * tempo.beatsPerMinute).toBeCloseTo(20_000 * 120, -3);
    const speeds = new Set(
      seeds.map((seed) => augmentSong(song, AUGMENTATIONS.performance, seed).tempo.beatsPerMinute / 120),
    );
    expect([...speeds].sort()).toEqual([0.95, 0.975, 1, 1.025, 1.05]);
  });
});

describe('augmentEvents', () => {
  const tune = embeddedCorpus()[0];
  const [{ events }] = polyphonyEncoding.encode(tune).sequences;
  const draw = (epoch: number, index = 0) =>
    augmentEvents(polyphonyEncoding, events, { augmentation: AUGMENTATIONS.polyphony, seed: 1, epoch, index });

  it('depends on seed, epoch and index alone', () => {
    expect(draw(3)).toEqual(draw(3));
    const draws = new Set(Array.from({ length: 30 }, (_, epoch) => draw(epoch).join()));
    // At most nine transpositions.
    expect(draws.size).toBeGreaterThan(4);
    expect(draws.size).toBeLessThanOrEqual(9);
    expect(draw(3, 1).length).toBe(draw(3, 0).length);
  });

  it('moves every note of a polyphonic sequence alike', () => {
    for (let epoch = 0; epoch < 9; epoch++) {
      const moved = draw(epoch);
      const shifts = new Set(Array.from(moved, (event, index) => event - events[index]));
      shifts.delete(0);
      expect(moved).toHaveLength(events.length);
      expect(shifts.size).toBeLessThanOrEqual(1);
    }
  });

  it('gives the sequence as it was where nothing would be left', () => {
    const [mono] = monoEncoding.encode(tune).sequences;
    const augmentation = { ...AUGMENTATIONS.lakhnes, subset: 1 };
    const drawn = Array.from({ length: 20 }, (_, index) =>
      augmentEvents(monoEncoding, mono.events, { augmentation, seed: 1, epoch: 0, index }),
    );
    expect(drawn.some((sequence) => sequence.join() === mono.events.join())).toBe(true);
    expect(drawn.every((sequence) => sequence.length > 0)).toBe(true);
  });

  it('stretches performances', () => {
    const [performance] = performanceEncoding.encode(tune).sequences;
    const waits = (sequence: ArrayLike<number>) =>
      Array.from(sequence).reduce((sum, event) => sum + (event >= 256 ? event - 255 : 0), 0);
    const drawn = Array.from({ length: 20 }, (_, index) =>
      augmentEvents(performanceEncoding, performance.events, {
        augmentation: AUGMENTATIONS.performance,
        seed: 1,
        epoch: 0,
        index,
      }),
    );
    const ratios = drawn.map((sequence) => waits(performance.events) / waits(sequence));
    expect(Math.min(...ratios)).toBeCloseTo(0.95, 2);
    expect(Math.max(...ratios)).toBeCloseTo(1.05, 2);
  });
});
