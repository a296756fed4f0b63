import { readFile } from 'node:fs/promises';
import { MIDI_CONVENTIONS, type MidiConvention, readSongs, reasonOf, type SongReading } from '@chipsmith/data';
import { fileError } from '@chipsmith/models';
import { type Arguments, choice } from '../terminal/command.ts';
import { CommandError } from '../terminal/errors.ts';

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
export async function firstSong(path: string): Promise<{ path: string; reading: SongReading; count: number }> {
  const songs = readSongs(await readInput(path), path);
  const found = songs.find((song) => 'reading' in song);
  if (found !== undefined) return { ...found, count: songs.length };
  const unreadable = songs.find((song) => 'problem' in song);
  throw new CommandError(`${path}: ${unreadable ? reasonOf(unreadable) : 'it holds no song'}; use another file.`);
}

/** @throws ModelError in the words of fileError */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
}
