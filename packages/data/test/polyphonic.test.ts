import { describe, expect, it } from 'vitest';
import {
  noteDurationEncoding,
  performanceEncoding,
  performanceVelocityEncoding,
  polyphonyEncoding,
} from '../src/index.ts';
import { plainNote, songOf } from './support/songs.ts';

/** A 16th at 120 bpm. */
const STEP = 5512.5;
const at = (step: number) => Math.round(step * STEP);
const pulse = (start: number, end: number, pitch: number) => plainNote(at(start), at(end), pitch);
const bass = (start: number, end: number, pitch: number) => plainNote(at(start), at(end), pitch, 'triangle');

/** Two bars: three voices in the first quarter, then pulse 1 alone, silence, and a last note. */
const song = songOf({
  pulse1: [pulse(0, 2, 72), pulse(2, 4, 74), pulse(31, 32, 72)],
  pulse2: [pulse(0, 3, 64)],
  triangle: [bass(0, 1, 40)],
});

describe('polyphony', () => {
  it('has 259 classes, and writes what starts and what goes on from above, step by step', () => {
    expect(polyphonyEncoding.classes).toBe(259);
    const [{ voice, events }] = polyphonyEncoding.encode(song).sequences;
    const [on, goesOn, step] = [(pitch: number) => 3 + pitch, (pitch: number) => 131 + pitch, 2];
    expect(voice).toBe('all');
    expect([...events].slice(0, 15)).toEqual([
      ...[0, on(72), on(64), on(40), step],
      ...[goesOn(72), goesOn(64), step],
      ...[on(74), goesOn(64), step],
      ...[goesOn(74), step, step, step],
    ]);
    expect([...events].slice(-3)).toEqual([on(72), step, 1]);
    expect(events.filter((event) => event === step)).toHaveLength(32);
  });

  it('leaves out the noise and songs of less than two bars, and says so', () => {
    const noise = [plainNote(0, 99, 3)];
    expect(polyphonyEncoding.encode({ ...song, voices: { ...song.voices, noise } }).dropped).toEqual([
      { voice: 'noise', reason: 'the encoding has no noise' },
    ]);
    expect(polyphonyEncoding.encode(songOf({ pulse1: [pulse(0, 31, 60)], noise })).dropped).toEqual([
      { voice: 'pulse1', reason: 'shorter than 2 bars' },
      { voice: 'noise', reason: 'the encoding has no noise' },
    ]);
    expect(polyphonyEncoding.naive?.encode(song).dropped[0].reason).toBe('more than one program');
  });

  it('ignores what goes on without having started, and leaves out a fourth voice', () => {
    const decode = (events: number[]) => polyphonyEncoding.decode(events, { title: 'x' }).voices;
    expect(decode([0, 131 + 60, 2]).pulse1).toEqual([]);
    const { pulse1, pulse2, triangle } = decode([0, 3 + 70, 3 + 65, 3 + 60, 3 + 50, 2, 1]);
    expect([pulse1, pulse2, triangle].map((notes) => notes.map(({ pitch }) => pitch))).toEqual([[70], [65], [60]]);
  });

  it('deals notes back to voices: the low ones to the triangle, lines as they were', () => {
    const [{ events }] = polyphonyEncoding.encode(song).sequences;
    const { voices } = polyphonyEncoding.decode(events, { title: 'again' });
    const spans = (name: 'pulse1' | 'pulse2' | 'triangle') =>
      voices[name].map(({ start, end, pitch }) => [start, end, pitch]);
    expect(spans('pulse1')).toEqual(song.voices.pulse1.map(({ start, end, pitch }) => [start, end, pitch]));
    expect(spans('pulse2')).toEqual([[0, at(3), 64]]);
    expect(spans('triangle')).toEqual([[0, at(1), 40]]);
  });
});

/** Sixteen notes of 20 ms, 1.5 s apart after the first. */
const sparse = songOf({
  pulse1: Array.from({ length: 16 }, (_, index) => ({
    ...plainNote(index * 66_150, index * 66_150 + 882, 60),
    volume: [{ time: index * 66_150, value: index }],
  })),
});

describe('performance', () => {
  it('has 356 or 388 classes, and writes on, off and shifts of at most a second', () => {
    expect([performanceEncoding.classes, performanceVelocityEncoding.classes]).toEqual([356, 388]);
    const [{ events }] = performanceEncoding.encode(sparse).sequences;
    // The first note has volume 0: no note. 1.5 s is a full shift and one of 50; 20 ms a shift of 2; the rest 148.
    expect([...events].slice(0, 8)).toEqual([355, 305, 60, 257, 188, 355, 303, 60]);
  });

  it('gives each volume back as it was', () => {
    const [{ events }] = performanceVelocityEncoding.encode(sparse).sequences;
    const { pulse1 } = performanceVelocityEncoding.decode(events, { title: 'again' }).voices;
    expect(pulse1.map(({ volume }) => volume[0].value)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
    // Volume 1 is velocity 8, the second bin of four.
    expect(events[2]).toBe(356 + 2 - 1);
  });

  it('keeps its time whatever the tempo is', () => {
    const [{ events }] = performanceEncoding.encode(sparse).sequences;
    const again = performanceEncoding.decode(events, { title: 'again', beatsPerMinute: 77 });
    expect(again.voices.pulse1[0]).toMatchObject({ start: 66_150, end: 67_032 });
    expect(again.tempo.beatsPerMinute).toBe(77);
  });
});

describe('note-duration', () => {
  const text = (events: ArrayLike<number>) => Array.from(events, noteDurationEncoding.describe).join(' ');
  const scale = Array.from({ length: 16 }, (_, index) => pulse(2 * index, 2 * index + 2, 60 + index));

  it('has 312 classes in the order of the original', () => {
    expect(noteDurationEncoding.classes).toBe(312);
    expect([8, 9, 136, 137, 297, 298, 307, 308].map(noteDurationEncoding.describe)).toEqual([
      ...['xxsep', 'n0', 'n127', 'd0', 'd160', 'mt0', 'mt9', 'dummy0'],
    ]);
  });

  it('writes notes with durations from above, and separators with the steps to the next', () => {
    const [{ events }] = noteDurationEncoding.encode(
      songOf({ pulse1: scale, pulse2: [pulse(0, 3, 55)], triangle: [bass(2, 6, 40)] }),
    ).sequences;
    expect(text(events)).toMatch(/^xxbos xxpad n60 d2 n55 d3 xxsep d2 n61 d2 n40 d4 xxsep d2 n62 d2 /);
    expect(text(events)).toMatch(/xxsep d2 n75 d2 xxeos$/);
  });

  it('shortens rests of more than eight quarters to 32 steps and what is beyond whole quarters', () => {
    const late = [...scale, pulse(32 + 50, 32 + 52, 60)];
    const [{ events }] = noteDurationEncoding.encode(songOf({ pulse1: late, pulse2: scale })).sequences;
    // A rest of 50 becomes 34, after a note of 2.
    expect(text(events)).toMatch(/n75 d2 n75 d2 xxsep d36 n60 d2 xxeos$/);
  });

  it('ends notes after 128 steps, and leaves out pitches beyond 21..107', () => {
    const long = [
      pulse(0, 300, 60),
      ...scale.map((note) => ({ ...note, start: note.start + at(300), end: note.end + at(300) })),
    ];
    const [{ events }] = noteDurationEncoding.encode(songOf({ pulse1: long, pulse2: [pulse(0, 4, 108)] })).sequences;
    expect(text(events)).toMatch(/^xxbos xxpad n60 d128 xxsep d160 n60 d2 /);
  });
});
