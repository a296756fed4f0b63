import { describe, expect, it } from 'vitest';
import { durationEventsOf, durationRollOf, noteVectorsEncoding, noteVectorsOf } from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

/** A 16th at 120 bpm. */
const STEP = 5512.5;
const pulse = (start: number, end: number, pitch: number) =>
  plainNote(Math.round(start * STEP), Math.round(end * STEP), pitch);

describe('note-vectors', () => {
  // D major, eighths, then a note off the grid and a long one.
  const scale = [62, 64, 66, 67, 69, 71, 73, 74].map((pitch, index) => pulse(2 * index, 2 * index + 2, pitch));
  const song = songOf({ pulse1: [...scale, pulse(16.3, 17.3, 62), pulse(20, 60, 74)], pulse2: [pulse(2, 5, 33)] });
  const [{ events }] = noteVectorsEncoding.encode(song).sequences;

  it('writes pitch, step and duration of each note in C, 36..84, and leaves out what is off the grid', () => {
    expect(noteVectorsEncoding.classes).toBe(130);
    const rows = noteVectorsOf(events);
    expect([...rows.slice(0, 9)]).toEqual([60, 0, 2, 62, 2, 2, 43, 0, 3]);
    expect([...rows.slice(-6)]).toEqual([72, 2, 2, 72, 6, 16]);
    expect(rows).toHaveLength(3 * 10);
  });

  it('becomes a matrix of durations where notes start', () => {
    const roll = durationRollOf(events);
    expect(roll).toHaveLength(36 * 49);
    expect(roll[60 - 36]).toBe(2);
    expect([roll[2 * 49 + 62 - 36], roll[2 * 49 + 43 - 36], roll[3 * 49 + 62 - 36]]).toEqual([2, 3, 0]);
    expect(roll[20 * 49 + 72 - 36]).toBe(16);
  });

  it('comes back from the matrix', () => {
    expect(durationEventsOf(durationRollOf(events))).toEqual(events);
    expect(durationEventsOf(new Float32Array(3 * 49))).toHaveLength(0);
  });

  it('rounds durations of a matrix into their range', () => {
    const roll = new Float32Array(2 * 49);
    [roll[0], roll[1], roll[49]] = [0.2, 2.6, 40];
    expect([...noteVectorsOf(durationEventsOf(roll))]).toEqual([37, 0, 3, 36, 0, 1, 36, 1, 16]);
  });

  it('leaves out what is not a whole note', () => {
    expect(noteVectorsOf([...events, 5, 50])).toEqual(noteVectorsOf(events));
    expect(noteVectorsOf([60, ...events])).toEqual(noteVectorsOf(events));
  });
});
