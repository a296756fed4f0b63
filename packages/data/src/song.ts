import type { Change, Note, Score, VoiceName } from '@chipsmith/apu';

/** Where a musical fact came from: written in the source, worked out from the notes, or assumed for want of both. */
export const ORIGINS = ['given', 'estimated', 'assumed'] as const;
export type Origin = (typeof ORIGINS)[number];

/** Quarter notes a minute that a song may have. */
export const TEMPO_RANGE = { slowest: 20, fastest: 400 } as const;

/** Songs are minutes long: what claims more is damaged, and later work is in proportion to the length. */
export const MAX_SONG_SECONDS = 4 * 3600;

/** Notes that a beat may be: whole to 16th. */
export const METER_UNITS = [1, 2, 4, 8, 16] as const;
/** A bar has 1 to this many beats. */
export const MAX_BEATS = 64;

/** The speed of the beat. Times in a song are exact ticks whatever the tempo is: it only says where the grid lies. */
export interface Tempo {
  /** Quarter notes a minute, within TEMPO_RANGE. */
  readonly beatsPerMinute: number;
  /** Tick of the first beat of the first bar; may be negative where the piece starts with an upbeat. */
  readonly firstBeat: number;
  readonly origin: Origin;
  /** 0..1; 1 when given. */
  readonly confidence: number;
  /**
   * Later tempos, each until the next one, in order of time; `beatsPerMinute` holds until the first. None if left out.
   */
  readonly changes?: readonly TempoChange[];
}

export interface TempoChange {
  /** Tick, after the first beat and after the change before. */
  readonly time: number;
  /** Quarter notes a minute, within TEMPO_RANGE. */
  readonly beatsPerMinute: number;
}

/** Beats in a bar and the note that is one beat: 4/4 is { beats: 4, unit: 4 }. */
export interface Meter {
  readonly beats: number;
  readonly unit: (typeof METER_UNITS)[number];
  readonly origin: Origin;
}

/** One piece of music: four voices in exact time, with tempo and meter kept apart from it. */
export interface Song extends Score {
  readonly title: string;
  readonly tempo: Tempo;
  readonly meter: Meter;
}

/** Such as `6/8`. */
export function meterName({ beats, unit }: Pick<Meter, 'beats' | 'unit'>): string {
  return `${beats}/${unit}`;
}

/** Quarter notes of a bar. */
export function quartersPerBar({ beats, unit }: Pick<Meter, 'beats' | 'unit'>): number {
  return (4 * beats) / unit;
}

/** A value for each voice. */
export function byVoice<Value>(of: (voice: VoiceName) => Value): Record<VoiceName, Value> {
  return {
    pulse1: of('pulse1'),
    pulse2: of('pulse2'),
    triangle: of('triangle'),
    noise: of('noise'),
  };
}

/** A note so many ticks later; earlier where they are negative. */
export function moveNote({ start, end, pitch, volume, duty }: Note, ticks: number): Note {
  const move = (changes: readonly Change[]) => changes.map(({ time, value }) => ({ time: time + ticks, value }));
  return { start: start + ticks, end: end + ticks, pitch, volume: move(volume), duty: move(duty) };
}
