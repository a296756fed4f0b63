import { type Note, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { entropy } from '../../entropy.ts';
import { mean } from '../../mean.ts';
import type { Song } from '../../song.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';
import { tempoMapOf } from '../../timing/tempo-map.ts';
import { emptyBeats, grooveConsistency, repeatedBars } from './bars.ts';

/**
 * What a listener notices of some voices of a song; numbers that do not grow with its length. Where a measure is of
 * pitch the noise does not count, whose pitches are no note numbers. Lines go from note to note of one voice.
 */
export interface MusicMeasures {
  /** Share of onsets that meet a beat or an onset of another voice of the song, within a video frame. */
  readonly onsetsMet: number;
  /** Mean interval between successive notes of a line, in semitones. */
  readonly interval: number;
  /** Share of these intervals that are wider than a fifth (7 semitones). */
  readonly leaps: number;
  /** Share of notes with the pitch of the note before in their line. */
  readonly repeatedNotes: number;
  /** Share of bars, after the first, that are in all voices as an earlier one, to the 16th. */
  readonly repeatedBars: number;
  /** Notes a quarter note, of all voices. */
  readonly notesPerBeat: number;
  /** Share of the time from the first note to the last in which nothing sounds. */
  readonly rests: number;
  /** Entropy of the twelve pitch classes, in bits: 0 to log2(12). */
  readonly pitchClassEntropy: number;
  /** The same of the 128 pitches. */
  readonly pitchEntropy: number;
  /** Share of notes in the best of the twelve major scales, which are the natural minor scales too. */
  readonly scaleConsistency: number;
  /** Mean number of different pitches while any sounds. */
  readonly polyphony: number;
  /** Share of the time from the first note to the last in which three or more different pitches sound. */
  readonly polyphonyRate: number;
  /** Share of beats (quarter notes) in which no note sounds; one that ends where a beat begins is not in it. */
  readonly emptyBeats: number;
  /** 1 less the mean share of 16ths in which neighbouring bars differ in whether a note starts there. */
  readonly grooveConsistency: number;
}

/** Measures of one value for each name. */
export function measuresOf(value: (name: keyof MusicMeasures) => number): MusicMeasures {
  return {
    onsetsMet: value('onsetsMet'),
    interval: value('interval'),
    leaps: value('leaps'),
    repeatedNotes: value('repeatedNotes'),
    repeatedBars: value('repeatedBars'),
    notesPerBeat: value('notesPerBeat'),
    rests: value('rests'),
    pitchClassEntropy: value('pitchClassEntropy'),
    pitchEntropy: value('pitchEntropy'),
    scaleConsistency: value('scaleConsistency'),
    polyphony: value('polyphony'),
    polyphonyRate: value('polyphonyRate'),
    emptyBeats: value('emptyBeats'),
    grooveConsistency: value('grooveConsistency'),
  };
}

/** Semitones of a fifth. */
const FIFTH = 7;
const MAJOR_SCALE = [0, 2, 4, 5, 7, 9, 11];
/** As many pitches at once make a full chord. */
const CHORD = 3;

/**
 * Measures some voices of a song against its bars and, for `onsetsMet`, the other voices. What cannot be measured is
 * NaN, such as intervals where there is one note. Entropies, scale, polyphony, empty beats and groove are defined as in
 * MusPy's `metrics` (Dong et al. 2020), but exact in time, and without the bar that MusPy counts beyond the last.
 *
 * @param voices those that a model writes, for example
 */
export function measureMusic(song: Song, voices: readonly VoiceName[]): MusicMeasures {
  const lines = pitchedLines(song, voices);
  const intervals = lines.flatMap((line) =>
    line.slice(1).map(({ pitch }, index) => Math.abs(pitch - line[index].pitch)),
  );
  const pitches = lines.flatMap((line) => line.map(({ pitch }) => pitch));
  const pitchClasses = countsOf(
    pitches.map((pitch) => pitch % 12),
    12,
  );
  return {
    onsetsMet: mean(voices.flatMap((voice) => onsetsMet(song, voice))),
    interval: mean(intervals),
    leaps: mean(intervals.map((interval) => Number(interval > FIFTH))),
    repeatedNotes: mean(intervals.map((interval) => Number(interval === 0))),
    repeatedBars: repeatedBars(song, voices),
    ...measuresOfTime(song, voices),
    pitchClassEntropy: entropy(pitchClasses),
    pitchEntropy: entropy(countsOf(pitches, 128)),
    scaleConsistency: scaleConsistency(pitchClasses),
    grooveConsistency: grooveConsistency(song, voices),
  };
}

/** The notes of each voice that has pitches. */
export function pitchedLines(song: Song, voices: readonly VoiceName[]): (readonly Note[])[] {
  return voices.filter((voice) => voice !== 'noise').map((voice) => song.voices[voice]);
}

/** For each onset of a voice 1 if it meets a beat or another voice, else 0. */
function onsetsMet(song: Song, measured: VoiceName): number[] {
  const { beatAt, timeAt } = tempoMapOf(song.tempo);
  const others = VOICE_NAMES.filter((voice) => voice !== measured)
    .flatMap((voice) => song.voices[voice].map(({ start }) => start))
    .sort((a, b) => a - b);
  let next = 0;
  return song.voices[measured].map(({ start }) => {
    while (others[next] < start - FRAME_TICKS) next++;
    const meetsVoice = Math.abs(others[next] - start) <= FRAME_TICKS;
    const meetsBeat = Math.abs(timeAt(Math.round(beatAt(start))) - start) <= FRAME_TICKS;
    return Number(meetsVoice || meetsBeat);
  });
}

function measuresOfTime(song: Song, voices: readonly VoiceName[]) {
  const notes = voices.flatMap((voice) => song.voices[voice]);
  const stretches = stretchesOf(song, voices);
  const { beatAt } = tempoMapOf(song.tempo);
  const [first, last] = [stretches[0]?.start, stretches.at(-1)?.end];
  const share = (holds: (stretch: Stretch) => boolean) => ticksIn(stretches.filter(holds)) / ticksIn(stretches);
  const pitched = stretches.filter(({ pitches }) => pitches > 0);
  const pitchTicks = pitched.reduce((sum, { start, end, pitches }) => sum + pitches * (end - start), 0);
  return {
    notesPerBeat: notes.length < 2 ? Number.NaN : notes.length / (beatAt(last ?? 0) - beatAt(first ?? 0)),
    rests: notes.length < 2 ? Number.NaN : share(({ sounding }) => !sounding),
    polyphony: pitchTicks / ticksIn(pitched),
    polyphonyRate: share(({ pitches }) => pitches >= CHORD),
    emptyBeats: emptyBeats(song, notes),
  };
}

/** A time in which the same notes sound. */
interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly sounding: boolean;
  /** Number of different ones, noise left out. */
  readonly pitches: number;
}

/** The stretches from the first note to the last. */
function stretchesOf(song: Song, voices: readonly VoiceName[]): Stretch[] {
  const moments = voices.flatMap((voice) => song.voices[voice].flatMap(({ start, end }) => [start, end]));
  const times = [...new Set(moments)].sort((a, b) => a - b);
  const next = voices.map(() => 0);
  return times.slice(0, -1).map((start, index) => {
    const pitches = new Set<number>();
    let sounding = false;
    for (const [place, voice] of voices.entries()) {
      const notes = song.voices[voice];
      while (notes[next[place]]?.end <= start) next[place]++;
      const note: Note | undefined = notes[next[place]];
      if (note === undefined || note.start > start) continue;
      sounding = true;
      if (voice !== 'noise') pitches.add(note.pitch);
    }
    return { start, end: times[index + 1], sounding, pitches: pitches.size };
  });
}

function ticksIn(stretches: readonly Stretch[]): number {
  return stretches.reduce((sum, { start, end }) => sum + end - start, 0);
}

function scaleConsistency(pitchClasses: readonly number[]): number {
  const all = pitchClasses.reduce((sum, count) => sum + count, 0);
  const inScale = pitchClasses.map((_, tonic) =>
    MAJOR_SCALE.reduce((sum, degree) => sum + pitchClasses[(tonic + degree) % 12], 0),
  );
  return Math.max(...inScale) / all;
}

function countsOf(values: readonly number[], size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const value of values) counts[value]++;
  return counts;
}
