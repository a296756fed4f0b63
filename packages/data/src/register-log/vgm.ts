import { ApuError, readVgm, readVgmTags } from '@chipsmith/apu';
import { DataError, type FilePlace } from '../error.ts';
import { type SongReading, titleOf } from '../reading.ts';
import { isGzip, unpackGzip } from './gzip.ts';
import { songFromRegisterLog } from './song.ts';

/**
 * Reads the music of a VGM file, of gzip (.vgz) or not. Title, game and composer are those of its tag; without one the title is the file's name.
 *
 * @param name the file's name, for the title and messages
 * @throws DataError, with the byte at fault (in a packed file that of the content), for a file that readVgm refuses, or a
 *   log of more than four hours
 */
export function readVgmSong(bytes: Uint8Array, name: string): SongReading {
  const isPacked = isGzip(bytes);
  const content = isPacked ? unpackGzip(bytes, name) : bytes;
  // A log that is too long as a whole is at fault where it ends.
  const placeOf = (byte = content.length): FilePlace => (isPacked ? { byte, within: 'unpacked' } : { byte });
  try {
    const { song, repairs } = songFromRegisterLog(readVgm(content), name);
    const tags = readVgmTags(content);
    const game = tags.game?.trim();
    const composer = tags.author?.trim();
    return {
      song: { ...song, title: tags.title?.trim() || titleOf(name) },
      ...(game ? { game } : {}),
      ...(composer ? { composer } : {}),
      repairs,
    };
  } catch (error) {
    if (error instanceof DataError) throw new DataError(name, error.problem, error.remedy, placeOf());
    if (!(error instanceof ApuError)) throw error;
    throw new DataError(name, error.message, 'download it again, or give another log', placeOf(error.byteOffset));
  }
}
