import type { VoiceName } from '@chipsmith/apu';
import { measureMusic, pitchedLines, type Song, ticksPerQuarter } from '@chipsmith/data';

/** Figures of a track, by the names that the page explains. */
export type Scores = Readonly<Record<string, number>>;

/** Where the middle 90 % of the training songs lie: from their 5 % to their 95 % quantile. */
export type ScoreRange = readonly [least: number, most: number];
export type ScoreRanges = Readonly<Record<string, ScoreRange>>;

/** Plain figures of the music in some voices: those that the model wrote. NaN where there is nothing to measure. */
export function scoresOf(song: Song, voices: readonly VoiceName[]) {
  const pitches = pitchedLines(song, voices).flatMap((line) => line.map(({ pitch }) => pitch));
  const { notesPerBeat, rests, interval, onsetsMet, polyphony, polyphonyRate, ...measures } = measureMusic(
    song,
    voices,
  );
  return {
    notes: voices.reduce((sum, voice) => sum + song.voices[voice].length, 0),
    pitches: new Set(pitches).size,
    pitchRange: pitches.length === 0 ? Number.NaN : Math.max(...pitches) - Math.min(...pitches),
    pitchClasses: new Set(pitches.map((pitch) => pitch % 12)).size,
    longestRestBeats: longestRest(song, voices),
    // One voice has one pitch at a time.
    ...(voices.length > 1 && { polyphony, polyphonyRate }),
    ...measures,
  };
}

/** Where most of the training songs lie. @param songs in the voices that the model writes, cut as tracks are */
export function scoreRanges(songs: readonly Song[], voices: readonly VoiceName[]): ScoreRanges {
  const all = songs.map((song): Scores => scoresOf(song, voices));
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, rangeOf(all.map((scores) => scores[name]))]));
}

/** The range of values, of which those that are not numbers do not count. */
export function rangeOf(values: readonly number[]): ScoreRange {
  return [quantileOf(values, 0.05), quantileOf(values, 0.95)];
}

/** A quantile of the values that are numbers; NaN where there are none. @param share 0..1, 0.5 for the median */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** A mark behind a figure that lies outside a range, else nothing. */
export function outsideMark(value: number, [least, most]: ScoreRange): '' | ' ↑' | ' ↓' {
  return value > most ? ' ↑' : value < least ? ' ↓' : '';
}

/** The longest time in which none of the voices sounds, in quarter notes to the 16th. */
function longestRest(song: Song, voices: readonly VoiceName[]): number {
  const notes = voices.flatMap((voice) => song.voices[voice]).sort((a, b) => a.start - b.start);
  let longest = 0;
  let end = 0;
  for (const note of notes) {
    longest = Math.max(longest, note.start - end);
    end = Math.max(end, note.end);
  }
  const ticks = Math.max(longest, song.duration - end);
  return Math.round((4 * ticks) / ticksPerQuarter(song.tempo.beatsPerMinute)) / 4;
}
