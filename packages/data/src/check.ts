import { type Change, type Note, VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import { DataError } from './error.ts';
import type { Song } from './song.ts';

/** The pitches each voice can play: MIDI note numbers, and 16 - period index for the noise. */
export const PITCH_RANGE: Readonly<Record<VoiceName, readonly [lowest: number, highest: number]>> = {
  pulse1: [33, 108],
  pulse2: [33, 108],
  triangle: [21, 108],
  noise: [1, 16],
};

/** The greatest value of the duty field of each voice. */
export const HIGHEST_DUTY: Readonly<Record<VoiceName, number>> = { pulse1: 3, pulse2: 3, triangle: 0, noise: 1 };

const METER_UNITS: readonly number[] = [1, 2, 4, 8, 16];

/**
 * Holds a song to its contract: times are integers, each voice is sorted and monophonic, pitches, volumes and duties are
 * in the chip's range, tempo and meter make sense.
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
  if (!Number.isSafeInteger(song.duration) || song.duration < 0) {
    refuse('duration', `${song.duration} is not a whole number of ticks`);
  }

  for (const voice of VOICE_NAMES) {
    let previousEnd = 0;
    for (const [index, note] of song.voices[voice].entries()) {
      const problem = problemOfNote(note, voice, previousEnd, song.duration);
      if (problem) refuse(`${voice} note ${index}`, problem);
      previousEnd = note.end;
    }
  }
}

function problemOfNote(note: Note, voice: VoiceName, previousEnd: number, duration: number): string | undefined {
  const [lowest, highest] = PITCH_RANGE[voice];
  if (!Number.isSafeInteger(note.start) || note.start < 0) return `start ${note.start} is not an integer of 0 or more`;
  if (!Number.isSafeInteger(note.end)) return `end ${note.end} is not an integer`;
  if (note.start < previousEnd) return `start ${note.start} comes before the previous note's end ${previousEnd}`;
  if (note.end <= note.start) return `end ${note.end} is not after start ${note.start}`;
  if (note.end > duration) return `end ${note.end} is after the song's end ${duration}`;
  if (!Number.isInteger(note.pitch) || note.pitch < lowest || note.pitch > highest) {
    return `pitch ${note.pitch} is outside ${lowest}..${highest}`;
  }
  return (
    problemOfChanges('volume', note.volume, note, 15) ??
    problemOfChanges('duty', note.duty, note, HIGHEST_DUTY[voice]) ??
    (voice === 'triangle' && (note.volume.length !== 1 || note.volume[0]?.value !== 15)
      ? 'the triangle has no volume register: volume must be the single value 15'
      : undefined)
  );
}

function problemOfChanges(field: string, changes: readonly Change[], note: Note, highest: number): string | undefined {
  if (changes[0]?.time !== note.start) return `${field} does not begin at the note's start`;
  let previous = -1;
  for (const { time, value } of changes) {
    if (!Number.isSafeInteger(time) || time <= previous || time >= note.end) {
      return `${field} changes at ${time}, which does not rise strictly within the note`;
    }
    if (!Number.isInteger(value) || value < 0 || value > highest) return `${field} ${value} is outside 0..${highest}`;
    previous = time;
  }
  return undefined;
}
