import { constants, gunzipSync } from 'node:zlib';
import { isAbc } from '../abc/book.ts';
import { readAbc } from '../abc/read.ts';
import { readChorales } from '../chorales/read.ts';
import { DataError } from '../error.ts';
import { isLakhNesText, readLakhNesText } from '../lakhnes/read-text.ts';
import { type ReadMidiOptions, readMidi } from '../midi/read.ts';
import { readPickledScore } from '../nesmdb-scores/read.ts';
import type { FoundSong, SongReading } from '../reading.ts';
import { readVgmSong } from '../register-log/vgm.ts';

/** A kind of file that songs are read from. */
interface Format {
  readonly name: string;
  /** Told by the first bytes, or where those say nothing by the file's name. */
  recognises(bytes: Uint8Array, path: string): boolean;
  /** @throws DataError if nothing in the file can be read */
  read(bytes: Uint8Array, path: string, options: ReadMidiOptions): readonly FoundSong[];
}

const single =
  (read: (bytes: Uint8Array, path: string, options: ReadMidiOptions) => SongReading): Format['read'] =>
  (bytes, path, options) => [{ path, reading: read(bytes, path, options) }];

/** Every kind of file that is read; the first that recognises a file reads it. */
const FORMATS: readonly Format[] = [
  {
    name: 'MIDI',
    recognises: (bytes, path) => startsWith(bytes, 'MThd') || /\.midi?$/i.test(path),
    read: single(readMidi),
  },
  {
    name: 'VGM',
    recognises: (bytes, path) => startsWith(bytes, 'Vgm ') || isPackedVgm(bytes) || /\.vg[mz]$/i.test(path),
    read: single(readVgmSong),
  },
  {
    name: 'ABC',
    recognises: (bytes, path) => /\.abc$/i.test(path) || (/\.txt$/i.test(path) && isAbc(bytes)),
    read: readAbc,
  },
  {
    name: 'chorales (JSON)',
    recognises: (_bytes, path) => /\.json$/i.test(path),
    read: readChorales,
  },
  {
    name: 'scores of NES-MDB (pickle)',
    recognises: (bytes, path) => (bytes[0] === 0x80 && bytes[1] <= 5) || /\.(pkl|pickle)$/i.test(path),
    read: single(readPickledScore),
  },
  {
    name: 'LakhNES text (TX1, TX2)',
    recognises: (bytes, path) => isLakhNesText(bytes) || /\.tx[12]\.txt$/i.test(path),
    read: single(readLakhNesText),
  },
];

/**
 * Reads the songs of a file, whose kind is told by its content, or by its name where that says nothing.
 *
 * @param path the file's, for titles, messages and the paths of the songs
 * @throws DataError if it is of no known kind, or nothing in it can be read
 */
export function readSongs(bytes: Uint8Array, path: string, options: ReadMidiOptions = {}): readonly FoundSong[] {
  if (bytes.length === 0) throw new DataError(path, 'the file is empty', 'give a file with music', { byte: 0 });
  const format = FORMATS.find((candidate) => candidate.recognises(bytes, path));
  if (format) return format.read(bytes, path, options);
  const known = FORMATS.map(({ name }) => name).join(', ');
  throw new DataError(path, `no kind of file that is read (${known})`, 'give one of these', { byte: 0 });
}

/** Whether a gzip file, of which the beginning is enough, has a VGM file inside. */
export function isPackedVgm(head: Uint8Array): boolean {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return false;
  try {
    // Flushing instead of finishing: the end of the file may not be there.
    const content = gunzipSync(head.subarray(0, HEAD_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
    return startsWith(content, 'Vgm ');
  } catch {
    return false; // Damaged: whoever reads it will say so.
  }
}

/** Enough of a gzip file for its tables and the first bytes of its content. */
const HEAD_BYTES = 512;

function startsWith(bytes: Uint8Array, text: string): boolean {
  return [...text].every((character, at) => bytes[at] === character.charCodeAt(0));
}
