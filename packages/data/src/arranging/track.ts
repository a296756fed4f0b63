import type { Song } from '../song.ts';
import { arrangeMelody } from './arrange.ts';
import { closeMelody, cutToBars, releaseVoices } from './finish.ts';
import { fitBars } from './fit-bars.ts';

export interface TrackOptions {
  /** Bars of the track; a melody that is shorter gives as many as it fills. */
  readonly bars: number;
  /** Any integer; picks the style of the other voices. */
  readonly seed: number;
  /** Whether the other voices are added. */
  readonly arranged: boolean;
  /** Whether it goes on from its start after the end; else its last bar comes to rest. */
  readonly loops: boolean;
  /** Whether the melody's own bars hold, as where it goes on from a song; else they are found by `fitBars`. */
  readonly keepsBars: boolean;
}

/**
 * Makes a track of a melody that a model wrote, on pulse 1: whole bars that fit the melody, an end or a loop, and the other
 * voices. The same melody and options give the same track.
 *
 * @returns undefined if it should end, but no note begins in its last bar
 */
export function trackOf(melody: Song, { bars, seed, arranged, loops, keepsBars }: TrackOptions): Song | undefined {
  const cut = cutToBars(keepsBars ? melody : fitBars(melody), bars);
  const line = loops ? { ...cut, loops } : closeMelody(cut);
  if (line === undefined) return undefined;
  const song = arranged ? arrangeMelody(line, { seed }) : line;
  return loops ? song : releaseVoices(song);
}
