import type { Note, VoiceName } from '@chipsmith/apu';
import type { Song } from '@chipsmith/data';

/** A note with one volume, or with volumes that change in even steps. */
export function note(start: number, end: number, pitch: number, ...volumes: number[]): Note {
  const values = volumes.length > 0 ? volumes : [15];
  const step = (end - start) / values.length;
  const volume = values.map((value, index) => ({ time: start + index * step, value }));
  return { start, end, pitch, volume, duty: [{ time: start, value: 0 }] };
}

/** Four seconds of 4/4 at 120: two bars. */
export function song(voices: Partial<Record<VoiceName, readonly Note[]>>, changes: Partial<Song> = {}): Song {
  return {
    title: 'a song',
    tempo: { beatsPerMinute: 120, firstBeat: 0, origin: 'given', confidence: 1 },
    meter: { beats: 4, unit: 4, origin: 'given' },
    voices: { pulse1: [], pulse2: [], triangle: [], noise: [], ...voices },
    duration: 4 * 44_100,
    ...changes,
  };
}
