import { TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import type { Song } from '../song.ts';

/** Which songs are taken. What a single voice must be like is the encoding's own matter (ExtractionRules). */
export interface SongFilters {
  /** Seconds that a song must last at least, and at most. */
  readonly shortest: number;
  readonly longest: number;
  /** Notes that it must have at least, of all voices. */
  readonly fewestNotes: number;
  /** Pitch classes that its pitched voices must have at least together, 0..12. */
  readonly fewestPitchClasses: number;
  /** Confidence that its tempo must have at least, 0..1; a tempo that the file gives has 1. */
  readonly leastConfidence: number;
}

/** LakhNES and NES-MDB take every song. */
export const ALL_SONGS: SongFilters = {
  shortest: 0,
  longest: Number.POSITIVE_INFINITY,
  fewestNotes: 0,
  fewestPitchClasses: 0,
  leastConfidence: 0,
};

/** Why a song is not taken, or undefined if it is. The words are the same for all songs that one filter drops. */
export function refusal(song: Song, filters: SongFilters): string | undefined {
  const { shortest, longest, fewestNotes, fewestPitchClasses, leastConfidence } = filters;
  const seconds = song.duration / TICKS_PER_SECOND;
  const notes = VOICE_NAMES.reduce((sum, voice) => sum + song.voices[voice].length, 0);
  if (notes < fewestNotes) return `fewer than ${fewestNotes} notes`;
  if (seconds < shortest) return `shorter than ${shortest} s`;
  if (seconds > longest) return `longer than ${longest} s`;
  if (pitchClasses(song) < fewestPitchClasses) return `fewer than ${fewestPitchClasses} pitch classes`;
  if (song.tempo.confidence < leastConfidence) return `tempo less sure than ${leastConfidence}`;
  return undefined;
}

function pitchClasses({ voices: { pulse1, pulse2, triangle } }: Song): number {
  return new Set([pulse1, pulse2, triangle].flatMap((notes) => notes.map(({ pitch }) => pitch % 12))).size;
}
