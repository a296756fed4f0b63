import { type Note, TICKS_PER_SECOND, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import type { Song } from '../../song.ts';
import { FRAME_TICKS } from '../../timing/latch.ts';

/** Semitones up or down that intervals are told apart by; wider ones count as these. */
export const WIDEST_INTERVAL = 24;
/**
 * Durations are counted in doubling classes of video frames: 1, 2, 3-4, 5-8, ... 1025-2048; longer ones count as the
 * last.
 */
export const DURATION_CLASSES = 12;
/** Notes a second are counted by whole numbers; as many or more count as the last. */
export const DENSITY_CLASSES = 41;

/** What one voice plays, counted. Entry n of an array is how often n occurs. */
export interface VoiceCounts {
  /** Songs in which it plays. */
  songs: number;
  /** By MIDI note number; noise by 1..16. */
  pitches: number[];
  /** Between successive notes, by semitones + WIDEST_INTERVAL. */
  intervals: number[];
  /** Notes by duration class. */
  durations: number[];
  /** Songs by notes a second, rounded down. */
  densities: number[];
}

/** What some songs play, counted. */
export interface SongCounts {
  songs: number;
  ticks: number;
  voices: Record<VoiceName, VoiceCounts>;
  /** Ticks during which exactly the voices of a set sound: bit n of the entry's number is voice n of VOICE_NAMES. */
  together: number[];
}

const zeros = (length: number) => Array.from({ length }, () => 0);

/** The counts of no song. */
export function emptyCounts(): SongCounts {
  const voice = (): VoiceCounts => ({
    songs: 0,
    pitches: zeros(128),
    intervals: zeros(2 * WIDEST_INTERVAL + 1),
    durations: zeros(DURATION_CLASSES),
    densities: zeros(DENSITY_CLASSES),
  });
  const voices = { pulse1: voice(), pulse2: voice(), triangle: voice(), noise: voice() };
  return { songs: 0, ticks: 0, voices, together: zeros(2 ** VOICE_NAMES.length) };
}

/** What one song plays, counted. */
export function countSong({ voices, duration }: Song): SongCounts {
  const counts = emptyCounts();
  counts.songs = 1;
  counts.ticks = duration;
  for (const name of VOICE_NAMES) countVoice(counts.voices[name], voices[name], duration);
  countTogether(counts.together, voices);
  return counts;
}

/** What several songs play. */
export function sumCounts(parts: Iterable<SongCounts>): SongCounts {
  const sum = emptyCounts();
  for (const part of parts) addCounts(sum, part);
  return sum;
}

/** Counts more songs into `sum`. */
export function addCounts(sum: SongCounts, more: SongCounts): void {
  sum.songs += more.songs;
  sum.ticks += more.ticks;
  addEach(sum.together, more.together);
  for (const name of VOICE_NAMES) {
    const [to, from] = [sum.voices[name], more.voices[name]];
    to.songs += from.songs;
    for (const kind of ['pitches', 'intervals', 'durations', 'densities'] as const) addEach(to[kind], from[kind]);
  }
}

function addEach(counts: number[], more: readonly number[]): void {
  for (const [index, count] of more.entries()) counts[index] += count;
}

function countVoice(counts: VoiceCounts, notes: readonly Note[], duration: number): void {
  if (notes.length === 0) return;
  counts.songs++;
  const notesPerSecond = Math.floor((notes.length * TICKS_PER_SECOND) / duration);
  counts.densities[Math.min(DENSITY_CLASSES - 1, notesPerSecond)]++;
  for (const [index, { start, end, pitch }] of notes.entries()) {
    counts.pitches[pitch]++;
    counts.durations[durationClass(end - start)]++;
    if (index === 0) continue;
    const interval = pitch - notes[index - 1].pitch;
    counts.intervals[Math.max(-WIDEST_INTERVAL, Math.min(WIDEST_INTERVAL, interval)) + WIDEST_INTERVAL]++;
  }
}

/** Class n is up to 2^n frames, and more than half that. */
function durationClass(ticks: number): number {
  const frames = Math.max(1, Math.round(ticks / FRAME_TICKS));
  return Math.min(DURATION_CLASSES - 1, Math.ceil(Math.log2(frames)));
}

/** Walks through the moments at which a voice begins or ends. */
function countTogether(together: number[], voices: Song['voices']): void {
  const moments = VOICE_NAMES.flatMap((name, voice) =>
    voices[name].flatMap(({ start, end }) => [
      { time: start, change: 2 ** voice },
      { time: end, change: -(2 ** voice) },
    ]),
  ).sort((a, b) => a.time - b.time);
  let sounding = 0;
  let since = 0;
  for (const { time, change } of moments) {
    // At one moment a voice's next note may begin before its last ends; no time passes between.
    if (time > since) together[sounding] += time - since;
    since = time;
    sounding += change;
  }
}
