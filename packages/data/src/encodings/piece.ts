import { DataError } from '../error.ts';
import type { Meter, Song } from '../song.ts';
import { withEstimatedTiming } from '../timing/tempo.ts';
import { prevailingTempo } from '../timing/tempo-map.ts';
import type { Encoding } from './encoding.ts';

/** Music as a model gets it. */
export interface Piece {
  readonly events: Uint16Array;
  /** As EncodedSequence has it: to be undone in what the model writes. */
  readonly transposition: number;
  /** The song's, in quarter notes a minute. */
  readonly beatsPerMinute: number;
  readonly meter: Meter;
}

/**
 * The first sequence that an encoding makes of a song: what a model of whole pieces sees of it.
 *
 * @param name the song's, for messages
 * @throws DataError if the encoding makes nothing of the song
 */
export function firstPiece(song: Song, encoding: Encoding, name: string): Piece {
  const timed = withEstimatedTiming(song, encoding);
  const { sequences, dropped } = encoding.encode(timed);
  if (sequences.length === 0) {
    throw new DataError(name, `gives nothing to work on: ${dropped[0]?.reason ?? 'no notes'}`, 'use another song');
  }
  const [{ events, transposition = 0 }] = sequences;
  const beatsPerMinute = prevailingTempo(timed.tempo, timed.duration);
  return { events, transposition, beatsPerMinute, meter: timed.meter };
}
