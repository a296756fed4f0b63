import { MIDI_CONVENTIONS, type MidiConvention, readSongs, reasonOf, type SongReading } from '@chipsmith/data';
import { readInputFile } from '@chipsmith/data/node';
import type { Arguments } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';
import { choice } from '../terminal/values.ts';

/** How songs become .mid files. */
export const midiOption = {
  midi: {
    type: 'string',
    valueHint: MIDI_CONVENTIONS.join('|'),
    description: "for music programs and players (default), or for NES-MDB's tools",
  },
} as const;

/** @throws UsageError */
export function midiOf(args: Arguments): MidiConvention {
  return choice(args, 'midi', MIDI_CONVENTIONS) ?? 'general-midi';
}

/**
 * The first song that can be read from a file of any kind, its path within the file, and how many the file has.
 *
 * @throws CommandError or DataError if none can be read
 */
export function firstSong(bytes: Uint8Array, path: string): { path: string; reading: SongReading; count: number } {
  const songs = readSongs(bytes, path);
  const found = songs.find((song) => 'reading' in song);
  if (found !== undefined) return { ...found, count: songs.length };
  const unreadable = songs.find((song) => 'problem' in song);
  throw new CommandError(`${path}: ${unreadable ? reasonOf(unreadable) : 'it holds no song'}; use another file.`);
}

/**
 * The song of a file of any kind.
 *
 * @throws CommandError or DataError if it cannot be read or is not the only one
 */
export function onlySong(bytes: Uint8Array, path: string): SongReading {
  const { reading, count } = firstSong(bytes, path);
  if (count > 1) throw new CommandError(`${path}: holds ${count} songs; give a file with one.`);
  return reading;
}

/** What any command takes as one file of music; the largest register logs have a few MB. */
export const MAX_INPUT_BYTES = 64 * 2 ** 20;

/** @throws DataError if the file cannot be read, is not a plain file or is too large */
export function readInput(path: string): Promise<Uint8Array> {
  return readInputFile(path, MAX_INPUT_BYTES);
}
