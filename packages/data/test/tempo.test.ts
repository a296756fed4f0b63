import type { Note } from '@chipsmith/apu';
import { describe, expect, it } from 'vitest';
import {
  arrange,
  embeddedTunes,
  estimateMeter,
  estimateTempo,
  FRAME_TICKS,
  FRAMES_PER_SECOND,
  Random,
  type Song,
  ticksPerQuarter,
  withEstimatedTiming,
} from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

const UNKNOWN = { beatsPerMinute: 120, firstBeat: 0, origin: 'assumed', confidence: 0 } as const;

/** Lengths in rows that fill bars of 16: a melody, a bass, drums. */
const MELODY = [2, 2, 1, 1, 2, 4, 2, 1, 1];
const BASS = [4, 2, 2, 4, 4];
const DRUMS = [2, 2, 2, 1, 1, 2, 2, 2, 2];

/** A song as a music routine plays it: row n falls on frame floor(n * row), each event a little after its frame. */
function trackerSong(row: number, bars: number, seed: number, startFrame = 7): Song {
  const random = new Random(seed);
  const at = (rows: number) =>
    Math.round(211 + (startFrame + Math.floor(rows * row + 1e-9)) * FRAME_TICKS) + random.nextInteger(120);
  const line = (
    rhythm: readonly number[],
    voice: 'pulse1' | 'triangle' | 'noise',
    lowest: number,
    span: number,
  ): Note[] => {
    const notes: Note[] = [];
    let time = 0;
    for (let index = 0; time < bars * 16; index++) {
      const rows = rhythm[index % rhythm.length];
      // A tenth of the notes are left out, so that no two bars are alike.
      const start = at(time);
      if (random.nextFloat() > 0.1) {
        const end = voice === 'noise' ? start + 2000 : at(time + rows) - 130;
        notes.push(plainNote(start, end, lowest + random.nextInteger(span), voice));
      }
      time += rows;
    }
    return notes;
  };
  return songOf(
    {
      pulse1: line(MELODY, 'pulse1', 60, 20),
      triangle: line(BASS, 'triangle', 36, 12),
      noise: line(DRUMS, 'noise', 3, 10),
    },
    { tempo: UNKNOWN, meter: { beats: 4, unit: 4, origin: 'assumed' } },
  );
}

describe('estimateTempo', () => {
  it.each([5, 6, 7, 8, 9, 5.5, 6.4, 7.5, 6.67])('finds a row of %d frames to a thousandth', (row) => {
    for (const seed of [1, 2, 3]) {
      const song = withEstimatedTiming(trackerSong(row, 16, seed));
      const found = (FRAMES_PER_SECOND * 60) / 4 / song.tempo.beatsPerMinute;
      expect(Math.abs(found / row - 1)).toBeLessThan(0.001);
      expect(song.tempo.origin).toBe('estimated');
      expect(song.tempo.confidence).toBeGreaterThan(0.85);
    }
  });

  it.each([3.5, 4, 10, 12])('finds a row of %d frames or, half or double as fast, one nearer to 129 bpm', (row) => {
    const song = withEstimatedTiming(trackerSong(row, 16, 1));
    const found = (FRAMES_PER_SECOND * 60) / 4 / song.tempo.beatsPerMinute;
    const octaves = Math.log2(found / row);
    expect(octaves).toBeCloseTo(Math.round(octaves), 3);
    expect(Math.abs(Math.log2(found / 7))).toBeLessThanOrEqual(Math.abs(Math.log2(row / 7)) + 0.001);
  });

  it('finds whole rows exactly, and puts the first beat on the first note', () => {
    const song = withEstimatedTiming(trackerSong(6, 16, 4, 31));
    expect(song.tempo.beatsPerMinute).toBeCloseTo((FRAMES_PER_SECOND * 60) / 24, 9);
    const first = Math.min(...Object.values(song.voices).flatMap((notes) => notes.map(({ start }) => start)));
    expect(Math.abs(song.tempo.firstBeat - first)).toBeLessThan(FRAME_TICKS / 2);
    const steps = song.voices.pulse1.map(
      ({ start }) => (start - song.tempo.firstBeat) / (ticksPerQuarter(song.tempo.beatsPerMinute) / 4),
    );
    for (const step of steps) expect(Math.abs(step - Math.round(step))).toBeLessThan(0.1);
  });

  it('is not led astray by arpeggios, which change pitch every frame', () => {
    const song = trackerSong(7, 16, 5);
    const arpeggio = song.voices.triangle.flatMap(({ start, end }) => {
      const frames = Math.floor((end - start) / FRAME_TICKS);
      const at = (frame: number) => Math.round(start + frame * FRAME_TICKS);
      return Array.from({ length: frames }, (_, frame) => plainNote(at(frame), at(frame + 1), [60, 64, 67][frame % 3]));
    });
    const { tempo } = withEstimatedTiming({ ...song, voices: { ...song.voices, pulse2: arpeggio } });
    expect(tempo.beatsPerMinute).toBeCloseTo((FRAMES_PER_SECOND * 60) / 28, 6);
  });

  it('has little confidence where notes fall anywhere', () => {
    const random = new Random(6);
    let time = 0;
    const notes = Array.from({ length: 300 }, () => {
      time += 3000 + random.nextInteger(20_000);
      return plainNote(time, time + 2000, 60);
    });
    expect(estimateTempo(songOf({ pulse1: notes }, { tempo: UNKNOWN })).confidence).toBeLessThan(0.3);
  });

  it('keeps a given tempo and leaves such a song as it is', () => {
    const song = songOf({ pulse1: [plainNote(5, 999, 60)] });
    expect(withEstimatedTiming(song)).toBe(song);
  });

  it('assumes 120 bpm where there are too few notes', () => {
    const { tempo } = withEstimatedTiming(songOf({ pulse1: [plainNote(100, 999, 60)] }, { tempo: UNKNOWN }));
    expect(tempo).toMatchObject({ beatsPerMinute: 120, origin: 'assumed', confidence: 0 });
    expect(withEstimatedTiming(songOf({}, { tempo: UNKNOWN })).tempo.origin).toBe('assumed');
  });
});

/** How far a tempo is from the true one: exactly, and allowing for half or double speed; 0.02 is 2 %. */
function errorsOf(found: number, right: number): { exact: number; octave: number } {
  const octaves = Math.log2(found / right);
  const share = (distance: number) => 2 ** Math.abs(distance) - 1;
  return { exact: share(octaves), octave: share(octaves - Math.round(octaves)) };
}

describe('the embedded tunes at random tempi', () => {
  // Their tempi say nothing of the tunes: evenly from 60 to 240 bpm on a scale of octaves.
  const random = new Random(8);
  const outcomes = embeddedTunes().map((tune, seed) => {
    const song = arrange({ ...tune, beatsPerMinute: 60 * 4 ** random.nextFloat() }, { seed });
    const { tempo, meter } = withEstimatedTiming({
      ...song,
      tempo: UNKNOWN,
      meter: { beats: 4, unit: 4, origin: 'assumed' },
    });
    const quarters = (song.meter.beats * 4) / song.meter.unit;
    return {
      ...errorsOf(tempo.beatsPerMinute, song.tempo.beatsPerMinute),
      confidence: tempo.confidence,
      isThree: quarters % 1.5 === 0,
      isCompound: song.meter.unit === 8 && song.meter.beats % 3 === 0 && song.meter.beats > 3,
      meter,
    };
  });
  const shareOf = <Item>(items: readonly Item[], test: (item: Item) => boolean) =>
    items.filter(test).length / items.length;

  it('have a median error under 1 %, and nine of ten lie within 2 % or an octave of it', () => {
    const errors = outcomes.map(({ exact }) => exact).sort((a, b) => a - b);
    expect(errors).toHaveLength(98);
    expect(errors[49]).toBeLessThan(0.01);
    expect(shareOf(outcomes, ({ octave }) => octave < 0.02)).toBeGreaterThanOrEqual(0.95);
    expect(shareOf(outcomes, ({ exact }) => exact < 0.02)).toBeGreaterThanOrEqual(0.8);
  });

  it('are right more often where the confidence is higher', () => {
    const sure = outcomes.filter(({ confidence }) => confidence >= 0.9);
    const unsure = outcomes.filter(({ confidence }) => confidence < 0.8);
    expect(Math.min(sure.length, unsure.length)).toBeGreaterThan(15);
    expect(shareOf(sure, ({ exact }) => exact < 0.02)).toBeGreaterThanOrEqual(0.85);
    expect(shareOf(unsure, ({ exact }) => exact < 0.02)).toBeLessThan(0.8);
  });

  it('have bars of the right length, and 6/8 is told from 3/4', () => {
    expect(shareOf(outcomes, ({ isThree, meter }) => (meter.beats % 3 === 0) === isThree)).toBeGreaterThanOrEqual(0.95);
    const compound = outcomes.filter(({ isCompound }) => isCompound);
    expect(shareOf(compound, ({ meter }) => meter.beats === 6)).toBeGreaterThanOrEqual(0.9);
    const waltzes = outcomes.filter(({ isThree, isCompound }) => isThree && !isCompound);
    expect(shareOf(waltzes, ({ meter }) => meter.beats === 3)).toBeGreaterThanOrEqual(0.6);
  });
});

describe('estimateMeter', () => {
  const tempo = { beatsPerMinute: 120, firstBeat: 0, origin: 'estimated', confidence: 1 } as const;
  /** Notes of so many 16ths each, again and again. */
  const rhythm = (lengths: readonly number[], count: number) => {
    let time = 0;
    const notes = Array.from({ length: count }, (_, index) => {
      const start = time;
      time += lengths[index % lengths.length] * 5512.5;
      return plainNote(Math.round(start), Math.round(time), 60 + (index % 7));
    });
    return songOf({ pulse1: notes }, { tempo });
  };

  it.each([
    ['4/4', [8, 4, 4]],
    ['3/4', [8, 4]],
    ['3/4', [4, 4, 2, 2]],
    ['6/8', [4, 2, 6]],
    ['6/8', [6, 2, 2, 2]],
    ['4/4', [6, 6, 4]],
  ])('finds %s in notes of %j 16ths', (meter, lengths) => {
    const { beats, unit, origin } = estimateMeter(rhythm(lengths, 80), tempo);
    expect(`${beats}/${unit}`).toBe(meter);
    expect(origin).toBe('estimated');
  });

  it('believes a jingle to be in four, and knows nothing of less', () => {
    expect(estimateMeter(rhythm([8, 4], 20), tempo)).toEqual({ beats: 4, unit: 4, origin: 'estimated' });
    expect(estimateMeter(rhythm([8, 4], 3), tempo)).toEqual({ beats: 4, unit: 4, origin: 'assumed' });
  });
});
