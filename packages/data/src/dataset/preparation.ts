import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import type { Encoded, EncodedSequence, Encoding } from '../encodings/encoding.ts';
import { DataError, reasonOf } from '../error.ts';
import type { ArrangerOptions } from '../formats/general-midi/options.ts';
import type { SongReading } from '../formats/reading.ts';
import { sha256Of } from '../sha256.ts';
import { byVoice, type Song } from '../song.ts';
import { withEstimatedTiming } from '../timing/tempo.ts';
import { prevailingTempo } from '../timing/tempo-map.ts';
import { ALL_SONGS, refusal, type SongFilters } from './cleaning/filters.ts';
import { type Sketch, sketchOf } from './cleaning/sketch.ts';
import { readSongs } from './formats.ts';
import type { SourceFile } from './found-file.ts';
import type { SongEntry } from './manifest.ts';
import { countSong, type SongCounts } from './statistics/counts.ts';

/**
 * Rises whenever the same file would give other songs, repairs, tempi, sketches or counts; encodings have versions of
 * their own.
 */
export const PREPARATION_VERSION = 4;

/** What is asked of every song. Plain data, so that it can go to another thread. */
export interface SongSettings {
  /** The voices that may give sequences; all if left out. */
  readonly voices?: readonly VoiceName[] | undefined;
  /** Which songs are taken; as in ALL_SONGS where left out. */
  readonly filters?: Partial<SongFilters> | undefined;
  /** How General MIDI files become four voices; by the arranger's defaults if left out. */
  readonly arranger?: ArrangerOptions | undefined;
}

/** What became of one file. */
export interface PreparedFile {
  readonly path: string;
  /** Of its bytes; undefined if they were not read. */
  readonly sha256?: string | undefined;
  /** One for each song, or one that tells why there is none. */
  readonly songs: readonly PreparedSong[];
}

/** What became of one song, whether something of it is kept or not. */
export interface PreparedSong {
  readonly path: string;
  /** Of the file, or of the song's notes where a file has several; undefined if it was not read. */
  readonly sha256?: string | undefined;
  readonly repairs: readonly string[];
  /** KEPT, or why not, for each sounding voice. */
  readonly voices: Readonly<Partial<Record<VoiceName, string>>>;
  /** Voices that the published tool's own rules keep. */
  readonly keptNaively: number;
  /** Why nothing is kept; undefined where there is music. */
  readonly reason?: string | undefined;
  readonly music?: PreparedMusic | undefined;
}

/** What is known of a song of which something is kept. */
export interface PreparedMusic extends Omit<SongEntry, 'path' | 'sha256' | 'split'> {
  readonly game?: string | undefined;
  readonly composer?: string | undefined;
  readonly sketch: Sketch;
  readonly counts: SongCounts;
  readonly sequences: readonly EncodedSequence[];
}

/** Keeps music until all songs are there and can be dealt to splits; what it returns gives the music back. */
export type KeepMusic = (music: PreparedMusic) => () => PreparedMusic;

/** What a report says of a voice that gave a sequence. */
export const KEPT = 'kept';

/** A file that was left out as a whole. */
export function refusedFile(path: string, reason: string): PreparedFile {
  return { path, songs: [{ path, repairs: [], voices: {}, keptNaively: 0, reason }] };
}

/**
 * Reads the songs of a file, estimates their tempo where there is none, and encodes them. Depends on nothing else, so
 * that any thread can do it, and need not do it again while the file stays as it is.
 *
 * @param sha256 of the file's bytes
 */
export function prepareFile(
  { path, bytes }: SourceFile,
  sha256: string,
  encoding: Encoding,
  settings: SongSettings,
): PreparedFile {
  const { arranger } = settings;
  try {
    const found = readSongs(bytes, path, arranger && { arranger });
    const songs = found.flatMap((song) => {
      if ('problem' in song) return refusedFile(song.path, reasonOf(song)).songs;
      const { reading } = song;
      const hash = found.length === 1 ? sha256 : sha256OfMusic(reading.song);
      return prepareSong(song.path, reading, hash, encoding, settings);
    });
    return { path, sha256, songs };
  } catch (error) {
    // One bad file among thousands is a line of the report.
    if (!(error instanceof DataError)) throw error;
    return { ...refusedFile(path, reasonOf(error)), sha256 };
  }
}

function sha256OfMusic({ voices, duration }: Song): string {
  return sha256Of(JSON.stringify([voices, duration]));
}

/** Encodes a song; copies, and the published tool's rules, are told by the song as it was read. */
export function prepareSong(
  path: string,
  reading: SongReading,
  sha256: string,
  encoding: Encoding,
  { voices = VOICE_NAMES, filters }: SongSettings,
): PreparedSong {
  const { repairs, song: source, game, composer } = reading;
  const song = withEstimatedTiming(source, encoding);
  const unwanted = refusal(song, { ...ALL_SONGS, ...filters }, reading.written);
  if (unwanted !== undefined) return { path, sha256, repairs, voices: {}, keptNaively: 0, reason: unwanted };

  const chosen = withVoices(song, voices);
  const encoded = encoding.encode(chosen);
  const outcomes: Partial<Record<VoiceName, string>> = {};
  for (const { voice, reason } of encoded.dropped) outcomes[voice] = reason;
  for (const voice of keptVoices(encoded, chosen)) outcomes[voice] = KEPT;
  const naive = encoding.naive?.encode(withVoices(source, voices));
  const facts = {
    path,
    sha256,
    repairs,
    voices: outcomes,
    keptNaively: naive === undefined ? 0 : keptVoices(naive, source).size,
  };
  const { sequences, dropped } = encoded;
  if (sequences.length === 0) {
    return { ...facts, reason: dropped.length > 0 ? 'no voice was kept' : 'no notes for this encoding' };
  }
  const { origin: tempoOrigin, confidence: tempoConfidence } = song.tempo;
  const music = {
    title: song.title,
    beatsPerMinute: prevailingTempo(song.tempo, song.duration),
    tempoOrigin,
    tempoConfidence,
    game,
    composer,
    sketch: sketchOf(source),
    counts: countSong(chosen),
    sequences,
  };
  return { ...facts, music };
}

/** The song with the voices that were asked for; the manifest names them, so that the others need no word. */
function withVoices(song: Song, voices: readonly VoiceName[]): Song {
  return { ...song, voices: byVoice((voice) => (voices.includes(voice) ? song.voices[voice] : [])) };
}

/** The voices that sequences tell of: a sequence of all voices tells of those that have notes and were not dropped. */
function keptVoices({ sequences, dropped }: Encoded, song: Song): Set<VoiceName> {
  const isDropped = (voice: VoiceName) => dropped.some((part) => part.voice === voice);
  const sounding = VOICE_NAMES.filter((voice) => song.voices[voice].length > 0 && !isDropped(voice));
  return new Set(sequences.flatMap(({ voice }) => (voice === 'all' ? sounding : voice)));
}
