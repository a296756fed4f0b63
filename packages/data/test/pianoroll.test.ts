import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ONSET_BITMAP_SHAPE,
  onsetBitmapEncoding,
  onsetBitmapOf,
  onsetEventsOf,
  PIANOROLL_SHAPE,
  pianorollEncoding,
  pianorollOf,
  pianorollVolumeEncoding,
} from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

/** A 16th at 120 bpm. */
const STEP = 5512.5;
const at = (step: number) => Math.round(step * STEP);
const pulse = (start: number, end: number, pitch: number) => plainNote(at(start), at(end), pitch);

const song = songOf({
  pulse1: [pulse(0, 3, 60), pulse(31, 32, 62)],
  triangle: [plainNote(0, at(1), 21, 'triangle')],
  noise: [plainNote(at(1), at(2), 16, 'noise')],
});
const nonZero = (bitmap: Float32Array) => [...bitmap.entries()].filter(([, value]) => value !== 0);

describe('pianoroll', () => {
  it('has two planes of 256 rows: 76 a pulse, 88 of the triangle, 16 of the noise', () => {
    expect(PIANOROLL_SHAPE).toEqual({ planes: 2, rows: 256 });
    expect([pianorollEncoding.classes, pianorollVolumeEncoding.classes]).toEqual([513, 529]);
    const [{ events }] = pianorollEncoding.encode(song).sequences;
    expect([...events].slice(0, 8)).toEqual([1 + 27, 1 + 152, 0, 1 + 255, 1 + 256 + 27, 0, 1 + 256 + 27, 0]);
    expect(events.filter((event) => event === 0)).toHaveLength(32);
  });

  it('becomes a bitmap of zeros and ones', () => {
    const [{ events }] = pianorollEncoding.encode(song).sequences;
    const bitmap = pianorollOf(events);
    expect(bitmap).toHaveLength(32 * 512);
    expect(nonZero(bitmap)).toEqual([
      ...[27, 152, 512 + 255, 512 + 256 + 27, 2 * 512 + 256 + 27, 31 * 512 + 29].map((cell) => [cell, 1]),
    ]);
  });

  it('carries the volume of a note, where it starts and where it goes on', () => {
    const [{ events }] = pianorollVolumeEncoding.encode(song).sequences;
    expect([...events].slice(0, 5)).toEqual([1 + 27, 513 + 10, 1 + 152, 513 + 15, 0]);
    const values = nonZero(pianorollOf(events)).map(([, value]) => Math.round(value * 15));
    expect(values).toEqual([10, 15, 10, 10, 10, 10]);
    const { voices } = pianorollVolumeEncoding.decode(events, { title: 'again' });
    expect(voices.pulse1[0].volume).toEqual([{ time: 0, value: 10 }]);
  });
});

describe('onset-bitmap', () => {
  it('is 768 x 88 onsets in C from the first note, cut after 16 bars', () => {
    expect(ONSET_BITMAP_SHAPE).toEqual({ steps: 768, pitches: 88, stepsPerBar: 48 });
    // D major, a quarter apart, from the second beat; the last one lies in bar 17.
    const scale = [62, 64, 66, 67, 69, 71, 73].map((pitch, index) => pulse(4 + 4 * index, 8 + 4 * index, pitch));
    const [{ events }] = onsetBitmapEncoding.encode(songOf({ pulse1: [...scale, pulse(4 + 256, 300, 62)] })).sequences;
    const bitmap = onsetBitmapOf(events);
    expect(bitmap).toHaveLength(768 * 88);
    expect(nonZero(bitmap).map(([cell]) => [Math.floor(cell / 88), 21 + (cell % 88)])).toEqual([
      ...[60, 62, 64, 65, 67, 69, 71].map((pitch, index) => [12 * index, pitch]),
    ]);
  });

  it('keeps rests before the first note of what is decoded', () => {
    const note = onsetBitmapEncoding.encodePitches([60]);
    const starts = [0, 12].map((steps) => {
      const events = [...Array.from({ length: steps }, () => 0), ...note];
      expect(events.every((event, index) => onsetBitmapEncoding.allowedAfter(events[index - 1])[event])).toBe(true);
      return onsetBitmapEncoding.decode(events, { title: '', beatsPerMinute: 120 }).voices.pulse1[0].start;
    });
    expect(starts).toEqual([0, 22_050]);
  });

  it('tells of the noise of a song that has nothing else', () => {
    const { sequences, dropped } = onsetBitmapEncoding.encode(songOf({ noise: song.voices.noise }));
    expect({ sequences, dropped }).toEqual({
      sequences: [],
      dropped: [{ voice: 'noise', reason: 'the encoding has no noise' }],
    });
  });

  it('reads events back from a bitmap at a threshold', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(767), fc.nat(87)), { maxLength: 30 }), (cells) => {
        const bitmap = new Float32Array(768 * 88).fill(0.001);
        for (const [step, pitch] of cells) bitmap[step * 88 + pitch] = 0.5;
        const events = onsetEventsOf(bitmap, 0.4);
        const set = [...new Set(cells.map(([step, pitch]) => step * 88 + pitch))].sort((a, b) => a - b);
        expect(nonZero(onsetBitmapOf(events))).toEqual(set.map((cell) => [cell, 1]));
      }),
      { numRuns: 10 },
    );
  });
});
