import { ApuError, readVgmFile, type VgmFile, VOICE_NAMES } from '@chipsmith/apu';
import { DataError } from '../../error.ts';
import { hasText } from '../containers/signatures.ts';
import { type SongReading, titleOf } from '../reading.ts';
import { songFromRegisterLog } from './song.ts';

export function isVgm(bytes: Uint8Array): boolean {
  return hasText(bytes, 'Vgm ');
}

/**
 * The register log of a VGM file, with its tag and what had to be put right: readVgmFile.
 *
 * @param name the file's, for messages
 * @throws DataError, with the byte at fault, for a file that readVgmFile refuses
 */
export function readVgmLog(bytes: Uint8Array, name: string): VgmFile {
  try {
    return readVgmFile(bytes);
  } catch (error) {
    if (!(error instanceof ApuError)) throw error;
    const byte = error.byteOffset ?? bytes.length;
    throw new DataError(name, error.message, 'download it again, or give another log', { byte });
  }
}

/**
 * Reads the music of a VGM file. Title, game and composer are those of its tag; without one the title is the file's
 * name.
 *
 * @param name the file's name, for the title and messages
 * @throws DataError, with the byte at fault, for a file that readVgmFile refuses, or a log without notes or of more
 *   than four hours
 */
export function readVgmSong(bytes: Uint8Array, name: string): SongReading {
  const { log, tags, repairs: ofFile } = readVgmLog(bytes, name);
  const { song, repairs } = songOf(log, name, bytes.length);
  if (VOICE_NAMES.every((voice) => song.voices[voice].length === 0)) {
    throw new DataError(name, 'empty: has no notes', 'give a log with music', { byte: bytes.length });
  }
  const game = tags.game?.trim();
  const composer = tags.author?.trim();
  return {
    song: { ...song, title: tags.title?.trim() || titleOf(name) },
    ...(game ? { game } : {}),
    ...(composer ? { composer } : {}),
    repairs: [...ofFile, ...repairs],
  };
}

/** A log that is too long as a whole is at fault where it ends. */
function songOf(log: VgmFile['log'], name: string, end: number): SongReading {
  try {
    return songFromRegisterLog(log, name);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(name, error.problem, error.remedy, { byte: end });
  }
}
