import { TICKS_PER_SECOND } from '@chipsmith/apu';
import { entropy } from '../../entropy.ts';
import { mean } from '../../mean.ts';
import { levelsOf } from './level.ts';
import type { Part, PlayedNote } from './parts.ts';

/**
 * What a part is like beside the others, each 0..1 unless said otherwise. None depends on the key: a file transposed
 * has the same features. Kinds of feature after Rizo et al., "A pattern recognition approach for melody track selection
 * in MIDI files" (ISMIR 2006): occupation, polyphony, pitch, intervals, durations, each beside the file's own range.
 * That a melody is the line with most information, measured as entropy, follows Madsen and Widmer, "Towards a
 * computational model of melody identification in polyphonic music" (IJCAI 2007).
 */
export interface Features {
  /** Shares of its sounding time in which one note of it sounds, and in which three or more do. */
  readonly monophony: number;
  readonly chords: number;
  /** Mean pitch above the mean of all parts in units of 1.5 octaves, -1..1. */
  readonly height: number;
  /** Share of its onsets above (below) which nothing sounds. */
  readonly highest: number;
  readonly lowest: number;
  /** Distance between its lowest and highest note, of two octaves. */
  readonly range: number;
  /** Share of the piece in which it sounds, of a half: rests are usual, scraps are not a part. */
  readonly coverage: number;
  /** 1 from 1.5 to 5 onsets a second, falling off to both sides: pads are slower, broken chords faster. */
  readonly pace: number;
  /** Entropy of the time from onset to onset, of 2 bits. */
  readonly rhythm: number;
  /** Entropy of the intervals of its highest line, of 3.5 bits. */
  readonly variety: number;
  /** Share of intervals that are one or two semitones, of all that move. */
  readonly stepwise: number;
  /** Share of intervals that repeat the note. */
  readonly repetition: number;
  /** Mean level beside the loudest part's. */
  readonly loudness: number;
  /** Share of its onsets that play the melody, in any octave. */
  readonly doubling: number;
}

/** Notes this close together are struck at once: 30 ms, about what ear and hand allow. */
const TOGETHER = 0.03 * TICKS_PER_SECOND;

/** @param melody the line that doubling is measured against */
export function describeParts(parts: readonly Part[], melody: readonly PlayedNote[]): Features[] {
  const notes = parts.flatMap((part) => part.notes);
  const begin = notes.reduce((first, { start }) => Math.min(first, start), Number.POSITIVE_INFINITY);
  const end = notes.reduce((last, note) => Math.max(last, note.end), 0);
  const outer = outerShares(parts);
  const meanPitch = weightedPitch(notes);
  const levels = parts.map((part) =>
    mean(part.notes.map((note) => levelsOf(note, note.start, note.start + 1)[0].value)),
  );
  const loudest = levels.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  const melodyPitches = new PitchesInTime(melody);
  return parts.map((part, index): Features => {
    const line = topLine(part.notes);
    const { sounding, single, chords } = soundingTimes(part.notes);
    const partBegin = part.notes[0].start;
    const partEnd = part.notes.reduce((last, note) => Math.max(last, note.end), 0);
    const pitches = part.notes.map(({ pitch }) => pitch);
    const [lowest, highest] = [pitches.reduce((a, b) => Math.min(a, b)), pitches.reduce((a, b) => Math.max(a, b))];
    const intervals = line.slice(1).map(({ pitch }, at) => pitch - line[at].pitch);
    const moves = intervals.filter((interval) => interval !== 0);
    const waits = line.slice(1).map(({ start }, at) => Math.round(2 * Math.log2(start - line[at].start)));
    return {
      monophony: single / sounding,
      chords: chords / sounding,
      height: clamp((weightedPitch(part.notes) - meanPitch) / 18, -1, 1),
      ...outer[index],
      range: clamp((highest - lowest) / 24, 0, 1),
      coverage: clamp((2 * sounding) / (end - begin), 0, 1),
      pace: paceOf((line.length * TICKS_PER_SECOND) / (partEnd - partBegin)),
      rhythm: clamp(entropyOf(waits) / 2, 0, 1),
      variety: clamp(entropyOf(intervals) / 3.5, 0, 1),
      stepwise: share(moves, (interval) => Math.abs(interval) <= 2),
      repetition: share(intervals, (interval) => interval === 0),
      loudness: levels[index] / loudest,
      doubling: share(line, ({ start, pitch }) => melodyPitches.has(start, pitch)),
    };
  });
}

function paceOf(onsetsPerSecond: number): number {
  if (onsetsPerSecond < 1.5) return onsetsPerSecond / 1.5;
  return Math.min(1, 5 / onsetsPerSecond);
}

/** The highest note of each onset. */
function topLine(notes: readonly PlayedNote[]): PlayedNote[] {
  const line: PlayedNote[] = [];
  let onset = Number.NEGATIVE_INFINITY;
  for (const note of notes) {
    const top = line.at(-1);
    if (top === undefined || note.start - onset > TOGETHER) {
      onset = note.start;
      line.push(note);
    } else if (note.pitch > top.pitch) line[line.length - 1] = note;
  }
  return line;
}

/** Ticks in which a part sounds, in which one note of it sounds, and in which three or more do. */
function soundingTimes(notes: readonly PlayedNote[]): { sounding: number; single: number; chords: number } {
  const starts = Float64Array.from(notes, ({ start }) => start).sort();
  const ends = Float64Array.from(notes, ({ end }) => end).sort();
  const times = { sounding: 0, single: 0, chords: 0 };
  let time = 0;
  for (let started = 0, ended = 0; ended < ends.length; ) {
    const next = Math.min(starts[started] ?? Number.POSITIVE_INFINITY, ends[ended]);
    const count = started - ended;
    if (count > 0) times.sounding += next - time;
    if (count === 1) times.single += next - time;
    if (count > 2) times.chords += next - time;
    time = next;
    while (starts[started] === next) started++;
    while (ends[ended] === next) ended++;
  }
  return times;
}

/** For each part the shares of its onsets in which it has the highest, and the lowest, note of all that sound then. */
function outerShares(parts: readonly Part[]): { highest: number; lowest: number }[] {
  const starts = parts.flatMap(({ notes }, part) =>
    notes.map(({ start, end, pitch }) => ({ part, start, end, pitch })),
  );
  const ends = starts.toSorted((a, b) => a.end - b.end);
  starts.sort((a, b) => a.start - b.start);
  const counts = parts.map(() => ({ onsets: 0, highest: 0, lowest: 0 }));
  const sounding = new Uint32Array(128);
  let ended = 0;
  for (let from = 0, to = 0; from < starts.length; from = to) {
    const { start } = starts[from];
    for (; starts[to]?.start === start; to++) sounding[starts[to].pitch]++;
    // A note that ends by now has been counted before: its start lies before its end.
    for (; ended < ends.length && ends[ended].end <= start; ended++) sounding[ends[ended].pitch]--;
    let lowest = 0;
    while (sounding[lowest] === 0) lowest++;
    let highest = 127;
    while (sounding[highest] === 0) highest--;
    const struck = new Map<number, { low: number; high: number }>();
    for (let index = from; index < to; index++) {
      const { part, pitch } = starts[index];
      const range = struck.get(part);
      if (range) {
        range.low = Math.min(range.low, pitch);
        range.high = Math.max(range.high, pitch);
      } else struck.set(part, { low: pitch, high: pitch });
    }
    for (const [part, { low, high }] of struck) {
      counts[part].onsets++;
      if (high === highest) counts[part].highest++;
      if (low === lowest) counts[part].lowest++;
    }
  }
  return counts.map(({ onsets, highest, lowest }) => ({ highest: highest / onsets, lowest: lowest / onsets }));
}

/** Whether notes start at about a time with a pitch, in any octave. */
class PitchesInTime {
  readonly #starts = new Set<string>();

  constructor(notes: readonly PlayedNote[]) {
    for (const { start, pitch } of notes) this.#starts.add(`${Math.floor(start / TOGETHER)},${pitch % 12}`);
  }

  has(start: number, pitch: number): boolean {
    const cell = Math.floor(start / TOGETHER);
    return [cell - 1, cell, cell + 1].some((near) => this.#starts.has(`${near},${pitch % 12}`));
  }
}

/** Mean pitch in which long notes count for more. */
function weightedPitch(notes: readonly PlayedNote[]): number {
  const length = notes.reduce((sum, { start, end }) => sum + end - start, 0);
  return notes.reduce((sum, { start, end, pitch }) => sum + pitch * (end - start), 0) / length;
}

function share<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.length === 0 ? 0 : items.filter(holds).length / items.length;
}

/** Entropy of the values that occur, in bits. */
function entropyOf(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return values.length === 0 ? 0 : entropy([...counts.values()]);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
