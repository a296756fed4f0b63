import { constants, gunzipSync } from 'node:zlib';
import { DataError, messageOf } from '../error.ts';
import { soundBeginning } from '../sound-beginning.ts';

/** What a log may unpack to: as much as a plain file may have. */
const MOST_BYTES = 4 * 2 ** 20;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * The content of a gzip file, with its checksum held against it.
 *
 * @param name the file's name, for messages
 * @throws DataError, with the byte of the packed file, if it is damaged or cut short, or unpacks to more than 4 MiB
 */
export function unpackGzip(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    const isBomb = error instanceof RangeError;
    const problem = isBomb ? `unpacks to more than ${MOST_BYTES} bytes` : `damaged gzip file (${messageOf(error)})`;
    const remedy = isBomb ? 'give a shorter log' : 'download it again';
    throw new DataError(name, problem, remedy, { byte: isBomb ? bytes.length : faultOf(bytes) });
  }
}

function faultOf(bytes: Uint8Array): number {
  return soundBeginning(bytes.length, (length) => {
    try {
      // Flushing instead of finishing: a file that is cut short has no fault so far.
      gunzipSync(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MOST_BYTES });
      return true;
    } catch {
      return false;
    }
  });
}
