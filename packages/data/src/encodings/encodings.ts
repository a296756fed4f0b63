import { DataError } from '../error.ts';
import type { Encoding } from './encoding.ts';
import { tx1Encoding, tx2Encoding } from './lakhnes/encoding.ts';
import { melodyEncoding, monoEncoding } from './melody/encoding.ts';
import { vaeSixteenBarEncoding, vaeTwoBarEncoding } from './music-vae/melody.ts';
import { vaeTrioEncoding } from './music-vae/trio.ts';
import { nesEventsBytePairsEncoding } from './nes-events/byte-pairs.ts';
import { nesEventsEncoding } from './nes-events/encoding.ts';
import { noteDurationEncoding } from './note-duration/encoding.ts';
import { noteVectorsEncoding } from './note-vectors/encoding.ts';
import { performanceEncoding, performanceVelocityEncoding } from './performance/encoding.ts';
import { onsetBitmapEncoding } from './pianoroll/onsets.ts';
import { pianorollEncoding, pianorollVolumeEncoding } from './pianoroll/voices.ts';
import { polyphonyEncoding } from './polyphony/encoding.ts';

/**
 * Every encoding of this package. A new one is added here and is then known to datasets, models and the command line.
 */
export const encodings: readonly Encoding[] = [
  melodyEncoding,
  monoEncoding,
  polyphonyEncoding,
  performanceEncoding,
  performanceVelocityEncoding,
  noteDurationEncoding,
  nesEventsEncoding,
  nesEventsBytePairsEncoding,
  tx1Encoding,
  tx2Encoding,
  vaeTwoBarEncoding,
  vaeSixteenBarEncoding,
  vaeTrioEncoding,
  pianorollEncoding,
  pianorollVolumeEncoding,
  onsetBitmapEncoding,
  noteVectorsEncoding,
];

/**
 * The encoding of a name; with `version`, only if it is still that version.
 *
 * @throws DataError naming the encodings there are, or the two versions
 */
export function findEncoding(name: string, version?: number): Encoding {
  const encoding = encodings.find((candidate) => candidate.name === name);
  if (encoding === undefined) {
    const known = encodings.map((candidate) => candidate.name).join(', ');
    throw new DataError(`encoding "${name}"`, 'does not exist', `choose one of: ${known}`);
  }
  if (version !== undefined && version !== encoding.version) {
    throw new DataError(
      `encoding "${name}"`,
      `the data has version ${version}, this program has version ${encoding.version}`,
      'prepare the data again and retrain',
    );
  }
  return encoding;
}
