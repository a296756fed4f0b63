import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { beforeAll, describe, expect, it } from 'vitest';
import { gridOf, quantise, roundToStep } from '../src/encodings/grid/quantise.ts';
import { splitRestruck } from '../src/encodings/grid/restrike.ts';
import { PITCHED_VOICES, songSteps } from '../src/encodings/grid/steps.ts';
import {
  NES_RULES,
  performanceVelocityEncoding,
  readMidi,
  type Song,
  vaeSixteenBarEncoding,
  vaeTrioEncoding,
  vaeTwoBarEncoding,
  withEstimatedTiming,
} from '../src/index.ts';
import { heard } from './support/heard.ts';
import { performanceByRules, withoutOrder } from './support/performance-rules.ts';
import { hasNesMdb, NESMDB_NOTE, nesMdbFiles } from './support/real-data.ts';

/*
 * Figures of the README's table "Where encodings depart from their sources". Whoever changes one here changes it there.
 */
describe.skipIf(!hasNesMdb)(`departures of encodings on the valid split of ${NESMDB_NOTE}`, () => {
  const songs: Song[] = [];

  beforeAll(async () => {
    for await (const { path, bytes } of nesMdbFiles()) {
      if (path.includes('/valid/')) songs.push(withEstimatedTiming(readMidi(bytes, path).song));
    }
  });

  it('are songs in other meters than 4/4, and silent bars before the first note', () => {
    const inFour = songs.filter(({ meter }) => meter.beats === 4 && meter.unit === 4);
    expect([songs.length, songs.length - inFour.length]).toEqual([403, 59]);
    const options = { stepsPerQuarter: 4, voices: PITCHED_VOICES };
    const firstOf = (song: Song, keepSilence: boolean) => {
      const { voices } = songSteps(song, { ...options, keepSilence });
      return Math.min(...PITCHED_VOICES.flatMap((voice) => voices[voice].slice(0, 1).map(({ start }) => start)));
    };
    expect(songs.filter((song) => firstOf(song, true) > firstOf(song, false))).toHaveLength(8);
  });

  it('are notes that start in one step, and lengths that would reach into the next note', () => {
    const counted = { written: 0, struck: 0, kept: 0, cut: 0, short: 0 };
    for (const song of songs) {
      const grid = gridOf(song);
      for (const voice of PITCHED_VOICES) {
        const notes = song.voices[voice];
        const struck = splitRestruck(notes, grid, NES_RULES.restrikeRise);
        const kept = quantise(struck, grid, 'lengths');
        counted.written += notes.length;
        counted.struck += struck.length;
        counted.kept += kept.length;
        const inStep = new Map<number, { from: number; to: number; notes: number }>();
        for (const { start, end } of struck) {
          const [from, to] = [grid.position(start), grid.position(end)];
          const before = inStep.get(roundToStep(from));
          inStep.set(roundToStep(from), { from: before?.from ?? from, to, notes: (before?.notes ?? 0) + 1 });
        }
        for (const { start, end } of kept) {
          const { from, to, notes: together } = inStep.get(start) ?? { from: 0, to: 0, notes: 0 };
          if (end - start < roundToStep(to - from)) counted.cut++;
          if (together === 1 && roundToStep(to - from) === 0) counted.short++;
        }
      }
    }
    expect(counted).toEqual({ written: 153_477, struck: 160_912, kept: 129_052, cut: 1207, short: 3658 });
  });

  it('are places of note-offs within a step, and no volume', () => {
    const counted = { noteOffs: 0, elsewhere: 0 };
    for (const song of songs) {
      const [sequence] = performanceVelocityEncoding.encode(song).sequences;
      if (sequence === undefined) continue;
      const stepOf = (time: number) => roundToStep((100 * time) / TICKS_PER_SECOND);
      const notes = PITCHED_VOICES.flatMap((voice) => song.voices[voice]).map(({ start, end, pitch, volume }) => ({
        ...{ start: stepOf(start), end: Math.max(stepOf(start) + 1, stepOf(end)), pitch },
        volume: Math.max(...volume.map(({ value }) => value)),
      }));
      const expected = performanceByRules(notes);
      expect(withoutOrder(sequence.events)).toEqual(withoutOrder(expected));
      const isKey = (event: number) => event < 256;
      const [there, here] = [expected.filter(isKey), [...sequence.events].filter(isKey)];
      counted.noteOffs += there.filter((event) => event >= 128).length;
      counted.elsewhere += there.filter((event, index) => event >= 128 && event !== here[index]).length;
    }
    expect(counted).toEqual({ noteOffs: 153_460, elsewhere: 878 });
  });

  it("are windows of MusicVAE's trios that do not come back", () => {
    const counted = { trios: 0, withEnds: 0, lost: 0, other: 0 };
    for (const song of songs) {
      for (const { events } of vaeTrioEncoding.encode(song).sequences) {
        const { beatsPerMinute } = song.tempo;
        const { sequences } = vaeTrioEncoding.encode(
          vaeTrioEncoding.decode(events, { title: 'again', beatsPerMinute }),
        );
        const expected = heard('music-vae-trio', events);
        counted.trios++;
        if (expected.join() !== events.join()) counted.withEnds++;
        if (sequences.length === 0) counted.lost++;
        else if (sequences.map((sequence) => sequence.events.join()).join() !== expected.join()) counted.other++;
      }
    }
    expect(counted).toEqual({ trios: 4211, withEnds: 875, lost: 26, other: 0 });
    const numberOf = (encoding: typeof vaeTwoBarEncoding) =>
      songs.reduce((sum, song) => sum + encoding.encode(song).sequences.length, 0);
    expect([numberOf(vaeTwoBarEncoding), numberOf(vaeSixteenBarEncoding)]).toEqual([12_435, 6748]);
  });
});
