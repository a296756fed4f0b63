import type { VoiceName } from '@chipsmith/apu';
import { byVoice, type Song } from '../song.ts';
import { arrangeMelody } from './arrange.ts';
import { closeMelody, cutToBars, releaseVoices } from './finish.ts';
import { fitBars } from './fit-bars.ts';

export interface TrackOptions {
  /** Bars of the track; music that is shorter gives as many as it fills. */
  readonly bars: number;
  /** Any integer; picks the style of the other voices. */
  readonly seed: number;
  /** The voices that the model wrote: pulse 1 alone for a melody. */
  readonly voices: readonly VoiceName[];
  /** Whether the voices that it did not write are added. */
  readonly arranged: boolean;
  /** Whether it goes on from its start after the end; else the last bar of a melody comes to rest. */
  readonly loops: boolean;
  /**
   * Whether the music's own bars hold, as where it goes on from a song; else those of a melody are found by `fitBars`.
   */
  readonly keepsBars: boolean;
}

/**
 * Makes a track of what a model wrote: whole bars, an end or a loop, and the voices that are missing. A melody, on
 * pulse 1, gets bars that fit it and comes to rest. The same music and options give the same track.
 *
 * @returns undefined if a melody should end, but no note begins in its last bar
 */
export function trackOf(music: Song, options: TrackOptions): Song | undefined {
  const { bars, loops } = options;
  const isMelody = options.voices.length === 1;
  const cut = cutToBars(isMelody && !options.keepsBars ? fitBars(music) : music, bars);
  const line = loops ? { ...cut, loops } : isMelody ? closeMelody(cut) : cut;
  if (line === undefined) return undefined;
  const song = options.arranged ? withOtherVoices(line, options) : line;
  return loops ? song : releaseVoices(song);
}

/** The song with an arranger's voices where the model wrote none. A melody gets the sound of its style as well. */
function withOtherVoices(song: Song, { voices, seed }: TrackOptions): Song {
  const arranged = arrangeMelody(song, { seed });
  if (voices.length === 1) return arranged;
  return { ...song, voices: byVoice((voice) => (voices.includes(voice) ? song : arranged).voices[voice]) };
}
