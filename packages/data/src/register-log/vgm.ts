import { ApuError, readVgmFile } from '@chipsmith/apu';
import { DataError } from '../error.ts';
import { type SongReading, titleOf } from '../reading.ts';
import { songFromRegisterLog } from './song.ts';

/**
 * Reads the music of a VGM file. Title, game and composer are those of its tag; without one the title is the file's name.
 *
 * @param name the file's name, for the title and messages
 * @throws DataError, with the byte at fault (in a packed file that of the content), for a file that readVgmFile refuses, or a
 *   log of more than four hours
 */
export function readVgmSong(bytes: Uint8Array, name: string): SongReading {
  try {
    const { log, tags, repairs: ofFile } = readVgmFile(bytes);
    const { song, repairs } = songFromRegisterLog(log, name);
    const game = tags.game?.trim();
    const composer = tags.author?.trim();
    return {
      song: { ...song, title: tags.title?.trim() || titleOf(name) },
      ...(game ? { game } : {}),
      ...(composer ? { composer } : {}),
      repairs: [...ofFile, ...repairs],
    };
  } catch (error) {
    // A log that is too long as a whole is at fault where it ends.
    const place = (byte = bytes.length) => ({ byte });
    if (error instanceof DataError) throw new DataError(name, error.problem, error.remedy, place());
    if (!(error instanceof ApuError)) throw error;
    throw new DataError(name, error.message, 'download it again, or give another log', place(error.byteOffset));
  }
}
