import { checkSong } from '../../check.ts';
import type { Song } from '../../song.ts';
import { writeGeneralMidi } from './write-general.ts';
import { writeNesMidi } from './write-nes.ts';

/** For whom a MIDI file is written: music programs and players, or tools made for NES-MDB's files. */
export const MIDI_CONVENTIONS = ['general-midi', 'nesmdb'] as const;
export type MidiConvention = (typeof MIDI_CONVENTIONS)[number];

export interface WriteMidiOptions {
  /** `general-midi` if left out. */
  readonly convention?: MidiConvention;
}

/**
 * Writes a song as a format 1 MIDI file. The same song gives the same bytes, and readMidi gives the same song back, to
 * the sample, by either convention: see writeGeneralMidi and writeNesMidi.
 *
 * @throws DataError if the song breaks its contract (checkSong), or is too long to be kept in a General MIDI file
 *   (embedSong)
 */
export function writeMidi(song: Song, { convention = 'general-midi' }: WriteMidiOptions = {}): Uint8Array {
  checkSong(song);
  return convention === 'nesmdb' ? writeNesMidi(song) : writeGeneralMidi(song);
}
