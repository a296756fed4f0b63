import type { Note, VoiceName } from '@chipsmith/apu';
import { mean } from '../../mean.ts';
import { quartersPerBar, type Song } from '../../song.ts';
import { tempoMapOf } from '../../timing/tempo-map.ts';

/**
 * Share of the bars with notes of some voices, from bar `distance` on, that equal the one so many bars before, to the
 * 16th; NaN where there are none.
 */
export function barsRepeatedAt(song: Song, voices: readonly VoiceName[], distance: number): number {
  const bars = barsOf(song, voices);
  const later = bars.slice(distance).map((bar, index) => ({ bar, before: bars[index] }));
  return mean(later.filter(({ bar }) => bar !== '').map(({ bar, before }) => Number(bar === before)));
}

/** See `MusicMeasures.repeatedBars`. */
export function repeatedBars(song: Song, voices: readonly VoiceName[]): number {
  const sounding = barsOf(song, voices).filter((bar) => bar !== '');
  return mean(sounding.slice(1).map((bar, index) => Number(sounding.indexOf(bar) <= index)));
}

/** See `MusicMeasures.grooveConsistency`. */
export function grooveConsistency(song: Song, voices: readonly VoiceName[]): number {
  const barSteps = stepsPerBar(song);
  const stepOf = stepsOf(song.tempo);
  const starts = new Set(voices.flatMap((voice) => song.voices[voice].map(({ start }) => stepOf(start))));
  const steps = (wholeBars(song) - 1) * barSteps;
  if (steps <= 0) return Number.NaN;
  return mean(Array.from({ length: steps }, (_, step) => Number(starts.has(step) === starts.has(step + barSteps))));
}

/** See `MusicMeasures.emptyBeats`. */
export function emptyBeats({ tempo, duration }: Song, notes: readonly Note[]): number {
  const stepOf = stepsOf(tempo);
  const beatOf = (step: number) => Math.max(0, Math.floor(step / STEPS_PER_QUARTER));
  const filled = new Array<number>(beatOf(stepOf(duration))).fill(0);
  for (const { start, end } of notes) {
    const first = stepOf(start);
    // To the 16th: a note that ends a tick after the beat has begun is not in it.
    const last = Math.max(first, stepOf(end) - 1);
    if (last >= 0) filled.fill(1, beatOf(first), beatOf(last) + 1);
  }
  return 1 - mean(filled);
}

/**
 * What sounds in each whole bar, as text: voice, 16th, length in 16ths and pitch of each note; empty where none starts.
 */
function barsOf(song: Song, voices: readonly VoiceName[]): string[] {
  const barSteps = stepsPerBar(song);
  const stepOf = stepsOf(song.tempo);
  const bars: string[] = new Array<string>(wholeBars(song)).fill('');
  for (const voice of voices) {
    for (const { start, end, pitch } of song.voices[voice]) {
      const bar = Math.floor(stepOf(start) / barSteps);
      if (bars[bar] === undefined) continue;
      bars[bar] += `${voice}:${stepOf(start) - bar * barSteps}:${stepOf(end) - stepOf(start)}:${pitch} `;
    }
  }
  return bars;
}

/** Bars and beats are compared to the 16th. */
const STEPS_PER_QUARTER = 4;

function stepsPerBar({ meter }: Song): number {
  return STEPS_PER_QUARTER * quartersPerBar(meter);
}

function stepsOf(tempo: Song['tempo']): (time: number) => number {
  const { beatAt } = tempoMapOf(tempo);
  return (time) => Math.round(beatAt(time) * STEPS_PER_QUARTER);
}

function wholeBars(song: Song): number {
  return Math.max(0, Math.floor(stepsOf(song.tempo)(song.duration) / stepsPerBar(song)));
}
