import { scoreFault } from '@chipsmith/apu';
import { DataError } from './error.ts';
import { MAX_BEATS, METER_UNITS, type Song, TEMPO_RANGE } from './song.ts';

/**
 * Holds a song to its contract: tempo and meter make sense, and it is a score that the chip can play (scoreFault).
 *
 * @throws DataError that names the first voice, note and field at fault.
 */
export function checkSong(song: Song): void {
  const refuse = (field: string, problem: string): never => {
    throw new DataError(`song "${song.title}", ${field}`, problem, 'correct it where the song is made');
  };

  const { beatsPerMinute, firstBeat, confidence, changes = [] } = song.tempo;
  const { slowest, fastest } = TEMPO_RANGE;
  if (!(beatsPerMinute >= slowest && beatsPerMinute <= fastest)) {
    refuse('tempo.beatsPerMinute', `${beatsPerMinute} is outside ${slowest}..${fastest}`);
  }
  let before = firstBeat;
  for (const [index, { time, beatsPerMinute }] of changes.entries()) {
    const field = `tempo.changes[${index}]`;
    if (!(Number.isSafeInteger(time) && time > before)) refuse(field, `time ${time} is not an integer after ${before}`);
    if (!(beatsPerMinute >= slowest && beatsPerMinute <= fastest)) {
      refuse(field, `${beatsPerMinute} is outside ${slowest}..${fastest}`);
    }
    before = time;
  }
  if (!Number.isSafeInteger(firstBeat)) refuse('tempo.firstBeat', `${firstBeat} is not an integer`);
  if (!(confidence >= 0 && confidence <= 1)) refuse('tempo.confidence', `${confidence} is outside 0..1`);
  if (!Number.isInteger(song.meter.beats) || song.meter.beats < 1 || song.meter.beats > MAX_BEATS) {
    refuse('meter.beats', `${song.meter.beats} is not an integer in 1..${MAX_BEATS}`);
  }
  if (!METER_UNITS.includes(song.meter.unit))
    refuse('meter.unit', `${song.meter.unit} is not one of ${METER_UNITS.join(', ')}`);
  const fault = scoreFault(song);
  if (fault) refuse(fault.where, fault.problem);
}
