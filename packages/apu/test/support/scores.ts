import type { Note, Score, VoiceName } from '../../src/index.ts';

/** A note of constant volume and duty. */
export function note(start: number, end: number, pitch: number, volume = 15, duty = 0): Note {
  return { start, end, pitch, volume: [{ time: start, value: volume }], duty: [{ time: start, value: duty }] };
}

export function score(voices: Partial<Record<VoiceName, readonly Note[]>>, duration: number): Score {
  return { voices: { pulse1: [], pulse2: [], triangle: [], noise: [], ...voices }, duration };
}
