import { type Change, type Note, type Score, TICKS_PER_SECOND } from '@chipsmith/apu';

/** One video frame, 1/60.0988 s: a game's driver changes volumes and duties no more often. */
const FRAME = 734;
/** A sixteenth at 150 beats a minute. */
const SIXTEENTH = TICKS_PER_SECOND / 10;

const MELODY = [72, 76, 79, 84, 83, 79, 76, 74];
const ARPEGGIO = [60, 64, 67, 72];
const BASS = [36, 36, 43, 36, 41, 41, 48, 43];
const DRUMS = [2, 14, 9, 14];

/**
 * A piece in which all four voices sound nearly without pause, denser than most games: sixteenths on every voice,
 * volume envelopes that change each frame, duties that change within a note.
 *
 * @param seconds its length
 */
export function denseScore(seconds: number): Score {
  const duration = Math.round(seconds * TICKS_PER_SECOND);
  const voice = (pitches: readonly number[], length: number, volumes: readonly number[], duties: readonly number[]) =>
    Array.from({ length: Math.floor(duration / length) }, (_, index): Note => {
      const start = Math.round(index * length);
      const end = Math.round((index + 1) * length);
      return {
        start,
        end,
        pitch: pitches[index % pitches.length],
        volume: changes(start, end, volumes),
        duty: changes(start, end, duties),
      };
    });
  return {
    duration,
    voices: {
      pulse1: voice(MELODY, SIXTEENTH, [15, 13, 11, 9, 8, 7], [2, 2, 1]),
      pulse2: voice(ARPEGGIO, SIXTEENTH / 2, [10, 8, 6], [0, 1]),
      triangle: voice(BASS, SIXTEENTH * 2, [15], [0]),
      noise: voice(DRUMS, SIXTEENTH, [12, 8, 5, 3, 2, 1], [0]),
    },
  };
}

/** One value a frame from the start of a note on, as far as the note lasts. */
function changes(start: number, end: number, values: readonly number[]): Change[] {
  return values
    .map((value, frame) => ({ time: start + frame * FRAME, value }))
    .filter(({ time, value }, frame) => time < end && (frame === 0 || value !== values[frame - 1]));
}
