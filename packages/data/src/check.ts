import { scoreFault } from '@chipsmith/apu';
import { DataError } from './error.ts';
import type { Song } from './song.ts';

const METER_UNITS: readonly number[] = [1, 2, 4, 8, 16];

/**
 * Holds a song to its contract: tempo and meter make sense, and it is a score that the chip can play (scoreFault).
 *
 * @throws DataError that names the first voice, note and field at fault.
 */
export function checkSong(song: Song): void {
  const refuse = (field: string, problem: string): never => {
    throw new DataError(`song "${song.title}", ${field}`, problem, 'correct it where the song is made');
  };

  const { beatsPerMinute, firstBeat, confidence } = song.tempo;
  if (!(beatsPerMinute >= 20 && beatsPerMinute <= 400)) {
    refuse('tempo.beatsPerMinute', `${beatsPerMinute} is outside 20..400`);
  }
  if (!Number.isSafeInteger(firstBeat)) refuse('tempo.firstBeat', `${firstBeat} is not an integer`);
  if (!(confidence >= 0 && confidence <= 1)) refuse('tempo.confidence', `${confidence} is outside 0..1`);
  if (!Number.isInteger(song.meter.beats) || song.meter.beats < 1 || song.meter.beats > 64) {
    refuse('meter.beats', `${song.meter.beats} is not an integer in 1..64`);
  }
  if (!METER_UNITS.includes(song.meter.unit)) refuse('meter.unit', `${song.meter.unit} is not 1, 2, 4, 8 or 16`);
  const fault = scoreFault(song);
  if (fault) refuse(fault.where, fault.problem);
}
