import { isLakhNesText, readLakhNesText } from '../encodings/lakhnes/read-text.ts';
import { DataError } from '../error.ts';
import { isAbc } from '../formats/abc/book.ts';
import { readAbc } from '../formats/abc/read.ts';
import { readChorales } from '../formats/chorales/read.ts';
import { foreignKind, hasText } from '../formats/containers/signatures.ts';
import { type Unwrapped, unwrap } from '../formats/containers/unwrap.ts';
import { type ReadMidiOptions, readMidi } from '../formats/midi/read.ts';
import { readPickledScore } from '../formats/nesmdb-scores/read.ts';
import type { FoundSong, SongReading } from '../formats/reading.ts';
import { isVgm, readVgmSong } from '../formats/register-log/vgm.ts';
import { LIMITS } from './limits.ts';

/** A kind of file that songs are read from. */
interface Format {
  readonly name: string;
  /** Told by the first bytes; absent for kinds that have nothing of their own there. */
  recognises?(bytes: Uint8Array): boolean;
  /** What names end in, where the first bytes say nothing. */
  readonly ending: RegExp;
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
    recognises: (bytes) => hasText(bytes, 'MThd'),
    ending: /\.(midi?|kar|rmi|smf)$/i,
    read: single(readMidi),
  },
  { name: 'VGM', recognises: isVgm, ending: /\.vg[mz]$/i, read: single(readVgmSong) },
  { name: 'ABC', recognises: isAbc, ending: /\.abc$/i, read: readAbc },
  { name: 'chorales (JSON)', ending: /\.json$/i, read: readChorales },
  {
    name: 'scores of NES-MDB (pickle)',
    recognises: (bytes) => bytes[0] === 0x80 && bytes[1] <= 5,
    ending: /\.(pkl|pickle)$/i,
    read: single(readPickledScore),
  },
  {
    name: 'LakhNES text (TX1, TX2)',
    recognises: isLakhNesText,
    ending: /\.tx[12]\.txt$/i,
    read: single(readLakhNesText),
  },
];

/**
 * Reads the songs of a file, whose kind is told by its content, or by its name where that says nothing. What is wrapped
 * around it (gzip, RIFF, MacBinary, AppleSingle, a transfer as text) is taken off.
 *
 * @param path the file's, for titles, messages and the paths of the songs
 * @throws DataError if it is of no known kind, or nothing in it can be read
 */
export function readSongs(bytes: Uint8Array, path: string, options: ReadMidiOptions = {}): readonly FoundSong[] {
  if (bytes.length === 0) throw new DataError(path, 'the file is empty', 'give a file with music', { byte: 0 });
  const file = unwrap(bytes, path, LIMITS.fileBytes);
  const { read } = formatOf(file, path);
  if (!file.isWrapped) return read(file.bytes, path, options);
  const { repairs } = file;
  try {
    return read(file.bytes, path, options).map((song) => {
      if ('reading' in song) {
        return { ...song, reading: { ...song.reading, repairs: [...repairs, ...song.reading.repairs] } };
      }
      return song.place === undefined ? song : { ...song, place: { within: 'unpacked', ...song.place } };
    });
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    const problem = [error.problem, ...repairs].join('; ');
    throw new DataError(path, problem, error.remedy, error.place && { within: 'unpacked', ...error.place });
  }
}

function formatOf({ bytes, name }: Unwrapped, path: string): Format {
  const foreign = foreignKind(bytes);
  const byName = FORMATS.filter(({ ending }) => ending.test(name));
  const format =
    FORMATS.find((candidate) => candidate.recognises?.(bytes)) ??
    // A kind without a mark of its own has nothing but its name; of another, what is clearly something else is not a
    // damaged file.
    byName.find(({ recognises }) => foreign === undefined || recognises === undefined);
  if (format) return format;
  const known = FORMATS.map((candidate) => candidate.name).join(', ');
  const problem = foreign === undefined ? 'unsupported file type' : `unsupported file type (${foreign})`;
  throw new DataError(path, problem, `give one of these: ${known}`, { byte: 0 });
}
