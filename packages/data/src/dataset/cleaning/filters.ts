import { TICKS_PER_SECOND, VOICE_NAMES } from '@chipsmith/apu';
import type { WrittenFacts } from '../../formats/reading.ts';
import { withCount } from '../../formats/repairs.ts';
import type { Song } from '../../song.ts';

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
  /** Tempos, meters and keys that the file may write, one after the other. */
  readonly mostTempos: number;
  readonly mostMeters: number;
  readonly mostKeys: number;
  /** The meter that the file must write, such as `4/4`; undefined where any will do, and none. */
  readonly meter: string | undefined;
  /** Whether the file must write a key other than C major, which it also says if nobody thought of one. */
  readonly needsKey: boolean;
}

/** LakhNES and NES-MDB take every song. */
export const ALL_SONGS: SongFilters = {
  shortest: 0,
  longest: Number.POSITIVE_INFINITY,
  fewestNotes: 0,
  fewestPitchClasses: 0,
  leastConfidence: 0,
  mostTempos: Number.POSITIVE_INFINITY,
  mostMeters: Number.POSITIVE_INFINITY,
  mostKeys: Number.POSITIVE_INFINITY,
  meter: undefined,
  needsKey: false,
};

/**
 * Filters by name: all songs, and those of VGM-RNN ("Recurrent Neural Networks for Video Game Music Generation",
 * nmauthes/vgm-rnn), which takes MIDI files that write one time signature, 4/4, and one key signature, not C major. Its
 * rule for single notes, that they start near the grid, is part of the encoding note-vectors.
 */
export const FILTER_PRESETS = {
  all: {},
  'vgm-rnn': { mostMeters: 1, meter: '4/4', mostKeys: 1, needsKey: true },
} as const satisfies Record<string, Partial<SongFilters>>;

export const FILTER_NAMES = Object.keys(FILTER_PRESETS) as readonly (keyof typeof FILTER_PRESETS)[];

/**
 * Why a song is not taken, or undefined if it is. The words are the same for all songs that one filter drops.
 *
 * @param written what its file says; undefined counts as nothing
 */
export function refusal(song: Song, filters: SongFilters, written?: WrittenFacts): string | undefined {
  return refusalOfSong(song, filters) ?? refusalOfFile(written ?? NOTHING_WRITTEN, filters);
}

const NOTHING_WRITTEN: WrittenFacts = { tempos: [], meters: [], keys: [] };

function refusalOfFile({ tempos, meters, keys }: WrittenFacts, filters: SongFilters): string | undefined {
  const { mostTempos, mostMeters, mostKeys, meter, needsKey } = filters;
  if (tempos.length > mostTempos) return withCount('more than # tempo(s)', mostTempos);
  if (meters.length > mostMeters) return withCount('more than # meter(s)', mostMeters);
  if (keys.length > mostKeys) return withCount('more than # key(s)', mostKeys);
  if (meter !== undefined && meters.length === 0) return 'no meter is written';
  if (meter !== undefined && meters.some((one) => one !== meter)) return `a meter other than ${meter}`;
  if (needsKey && keys.length === 0) return 'no key is written';
  if (needsKey && keys.includes('C major')) return 'C major is written, which may mean no key';
  return undefined;
}

function refusalOfSong(song: Song, filters: SongFilters): string | undefined {
  const { shortest, longest, fewestNotes, fewestPitchClasses, leastConfidence } = filters;
  const seconds = song.duration / TICKS_PER_SECOND;
  const notes = VOICE_NAMES.reduce((sum, voice) => sum + song.voices[voice].length, 0);
  if (notes < fewestNotes) return withCount('fewer than # note(s)', fewestNotes);
  if (seconds < shortest) return `shorter than ${shortest} s`;
  if (seconds > longest) return `longer than ${longest} s`;
  if (pitchClasses(song) < fewestPitchClasses) return withCount('fewer than # pitch class(es)', fewestPitchClasses);
  if (song.tempo.confidence < leastConfidence) return `tempo less sure than ${leastConfidence}`;
  return undefined;
}

function pitchClasses({ voices: { pulse1, pulse2, triangle } }: Song): number {
  return new Set([pulse1, pulse2, triangle].flatMap((notes) => notes.map(({ pitch }) => pitch % 12))).size;
}
