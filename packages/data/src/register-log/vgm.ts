import { ApuError, readVgm, readVgmTags } from '@chipsmith/apu';
import { DataError } from '../error.ts';
import { type SongReading, titleOf } from '../reading.ts';
import { songFromRegisterLog } from './song.ts';

/**
 * Reads the music of a VGM file, of gzip (.vgz) or not. Title, game and composer are those of its tag; without one the title is the file's name.
 *
 * @param name the file's name, for the title and messages
 * @throws DataError, with the byte at fault, for a file that readVgm refuses, or a log of more than four hours
 */
export function readVgmSong(bytes: Uint8Array, name: string): SongReading {
  try {
    const { song, repairs } = songFromRegisterLog(readVgm(bytes), name);
    const tags = readVgmTags(bytes);
    const game = tags.game?.trim();
    const composer = tags.author?.trim();
    return {
      song: { ...song, title: tags.title?.trim() || titleOf(name) },
      ...(game ? { game } : {}),
      ...(composer ? { composer } : {}),
      repairs,
    };
  } catch (error) {
    if (!(error instanceof ApuError)) throw error;
    const place = error.byteOffset === undefined ? name : `${name}, byte ${error.byteOffset}`;
    throw new DataError(place, error.message, 'download it again, or give another log');
  }
}
