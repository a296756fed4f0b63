import { VOICE_NAMES } from '@chipsmith/apu';
import { quartersPerBar, type Song } from '../../song.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { tempoMapOf } from '../../timing/tempo-map.ts';

/** What a listener notices of a melody; numbers that do not grow with its length. */
export interface MelodyMeasures {
  /** Share of onsets that meet a beat or an onset of another voice, within a video frame. */
  readonly onsetsMet: number;
  /** Mean interval between successive notes, in semitones. */
  readonly interval: number;
  /** Share of intervals wider than a fifth (7 semitones). */
  readonly leaps: number;
  /** Share of notes with the pitch of the note before. */
  readonly repeatedNotes: number;
  /** Share of bars, after the first, that are as an earlier one, to the 16th. */
  readonly repeatedBars: number;
  /** Notes a quarter note. */
  readonly density: number;
  /** Share of the time from the first note to the last in which it rests. */
  readonly rests: number;
}

/** Measures of one value for each name. */
export function measuresOf(value: (name: keyof MelodyMeasures) => number): MelodyMeasures {
  return {
    onsetsMet: value('onsetsMet'),
    interval: value('interval'),
    leaps: value('leaps'),
    repeatedNotes: value('repeatedNotes'),
    repeatedBars: value('repeatedBars'),
    density: value('density'),
    rests: value('rests'),
  };
}

/** Semitones of a fifth. */
const FIFTH = 7;

/** Measures pulse 1 of a song against its bars and the other voices. NaN where there are fewer than two notes. */
export function measureMelody(song: Song): MelodyMeasures {
  const notes = song.voices.pulse1;
  const { beatAt } = tempoMapOf(song.tempo);
  const intervals = notes.slice(1).map(({ pitch }, index) => Math.abs(pitch - notes[index].pitch));
  const [first, last] = [notes[0], notes[notes.length - 1]];
  const sounding = notes.reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    onsetsMet: shareMet(song),
    interval: mean(intervals),
    leaps: mean(intervals.map((interval) => Number(interval > FIFTH))),
    repeatedNotes: mean(intervals.map((interval) => Number(interval === 0))),
    repeatedBars: shareRepeated(barsOf(song)),
    density: notes.length < 2 ? Number.NaN : notes.length / (beatAt(last.end) - beatAt(first.start)),
    rests: notes.length < 2 ? Number.NaN : 1 - sounding / (last.end - first.start),
  };
}

/**
 * Share of the bars of pulse 1 with notes, from bar `distance` on, that are as the one so many bars before, to the
 * 16th.
 */
export function barsRepeatedAt(song: Song, distance: number): number {
  const bars = barsOf(song);
  const later = bars.slice(distance).map((bar, index) => ({ bar, before: bars[index] }));
  return mean(later.filter(({ bar }) => bar !== '').map(({ bar, before }) => Number(bar === before)));
}

/**
 * How differently two collections of tracks are distributed, 0 (alike) to 1: for each measure the greatest distance
 * between the two cumulative distributions (Kolmogorov and Smirnov).
 */
export function compareMeasures(a: readonly MelodyMeasures[], b: readonly MelodyMeasures[]): MelodyMeasures {
  const distance = (name: keyof MelodyMeasures) =>
    distributionDistance(
      a.map((measures) => measures[name]),
      b.map((measures) => measures[name]),
    );
  return measuresOf(distance);
}

function distributionDistance(a: readonly number[], b: readonly number[]): number {
  const [left, right] = [a, b].map((values) => values.filter(Number.isFinite).sort((x, y) => x - y));
  if (left.length === 0 || right.length === 0) return 1;
  let greatest = 0;
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const value = Math.min(left[i], right[j]);
    while (left[i] <= value) i++;
    while (right[j] <= value) j++;
    greatest = Math.max(greatest, Math.abs(i / left.length - j / right.length));
  }
  return greatest;
}

function shareMet(song: Song): number {
  const { beatAt, timeAt } = tempoMapOf(song.tempo);
  const others = VOICE_NAMES.filter((voice) => voice !== 'pulse1')
    .flatMap((voice) => song.voices[voice].map(({ start }) => start))
    .sort((a, b) => a - b);
  let next = 0;
  return mean(
    song.voices.pulse1.map(({ start }) => {
      while (others[next] < start - FRAME_TICKS) next++;
      const meetsVoice = Math.abs(others[next] - start) <= FRAME_TICKS;
      const meetsBeat = Math.abs(timeAt(Math.round(beatAt(start))) - start) <= FRAME_TICKS;
      return Number(meetsVoice || meetsBeat);
    }),
  );
}

/**
 * What sounds in each whole bar, as text: the 16th, length in 16ths and pitch of each note; empty where none starts.
 */
function barsOf({ voices, tempo, meter, duration }: Song): string[] {
  const { beatAt } = tempoMapOf(tempo);
  const barSteps = 4 * quartersPerBar(meter);
  const stepOf = (time: number) => Math.round(beatAt(time) * 4);
  const bars: string[] = new Array<string>(Math.max(0, Math.floor(stepOf(duration) / barSteps))).fill('');
  for (const { start, end, pitch } of voices.pulse1) {
    const bar = Math.floor(stepOf(start) / barSteps);
    if (bars[bar] !== undefined)
      bars[bar] += `${stepOf(start) - bar * barSteps}:${stepOf(end) - stepOf(start)}:${pitch} `;
  }
  return bars;
}

function shareRepeated(bars: readonly string[]): number {
  const sounding = bars.filter((bar) => bar !== '');
  return mean(sounding.slice(1).map((bar, index) => Number(sounding.indexOf(bar) <= index)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
