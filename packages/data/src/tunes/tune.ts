import { type Note, TICKS_PER_SECOND } from '@chipsmith/apu';
import type { Meter, Song } from '../song.ts';

/** Score time of a melody is counted in these: 24 a quarter note hold 32nds (3) and triplets of 16ths (4) exactly. */
export const UNITS_PER_QUARTER = 24;

export type Mode = 'major' | 'minor' | 'dorian' | 'mixolydian';

export interface Key {
  /** Pitch class of the tonic: 0 = C .. 11 = B. */
  readonly tonic: number;
  readonly mode: Mode;
}

/** The tones of each kind of chord, in semitones above its root. */
export const CHORD_TONES = {
  major: [0, 4, 7],
  minor: [0, 3, 7],
  dominant7: [0, 4, 7, 10],
  minor7: [0, 3, 7, 10],
  diminished: [0, 3, 6],
} as const satisfies Record<string, readonly number[]>;
export type ChordQuality = keyof typeof CHORD_TONES;

/** A chord that holds from `start` (units) until the next one, or until the end. */
export interface Chord {
  readonly start: number;
  /** Pitch class 0..11. */
  readonly root: number;
  readonly quality: ChordQuality;
}

export interface TuneNote {
  /** Units from the bar line at or before the first note; integer, >= 0. */
  readonly start: number;
  /** Units; integer, > 0. */
  readonly length: number;
  /** MIDI note number. */
  readonly pitch: number;
}

/** Notes of one voice against their bars. Bar b starts at unit b * barLength(meter). */
export interface TuneLine {
  readonly meter: Pick<Meter, 'beats' | 'unit'>;
  /** Unit at which the music starts: 0, or with an upbeat the length of the silence cut off in front of it. */
  readonly begin: number;
  /** Unit at which it ends. */
  readonly end: number;
  /** Sorted by start; they never overlap. */
  readonly notes: readonly TuneNote[];
}

/** A tune as it is written down: one voice with chord symbols. */
export interface Tune extends TuneLine {
  readonly title: string;
  /** Composer with dates, or where the tune comes from. */
  readonly origin: string;
  readonly key: Key;
  /** Quarter notes a minute, whatever the meter. */
  readonly beatsPerMinute: number;
  /** Sorted by start; may be empty, may start after the upbeat. */
  readonly chords: readonly Chord[];
}

/** Length of a bar in units. */
export function barLength({ beats, unit }: Pick<Meter, 'beats' | 'unit'>): number {
  return (beats * 4 * UNITS_PER_QUARTER) / unit;
}

/** Length of a unit in ticks: a real number, so positions are rounded once and never added up. */
export function ticksPerUnit(beatsPerMinute: number): number {
  return (TICKS_PER_SECOND * 60) / (beatsPerMinute * UNITS_PER_QUARTER);
}

/** Pitch class 0..11 of any integer. */
export function pitchClass(pitch: number): number {
  return ((pitch % 12) + 12) % 12;
}

/** The chord that holds at a unit, or undefined before the first one. */
export function chordAt(chords: readonly Chord[], unit: number): Chord | undefined {
  return chords.findLast((chord) => chord.start <= unit);
}

/** Whether a pitch is a tone of the chord, in any octave. */
export function isChordTone(chord: Chord, pitch: number): boolean {
  const tones: readonly number[] = CHORD_TONES[chord.quality];
  return tones.includes(pitchClass(pitch - chord.root));
}

/**
 * The bare melody as a song: pulse 1 only, volume 12, duty 2, every note as long as written. Ticks start with the
 * first note, so a tune with an upbeat has a negative first beat.
 */
export function tuneToSong(tune: Tune): Song {
  const scale = ticksPerUnit(tune.beatsPerMinute);
  const tick = (unit: number) => Math.round((unit - tune.begin) * scale);
  const pulse1 = tune.notes.map(({ start, length, pitch }): Note => {
    const time = tick(start);
    return {
      start: time,
      end: tick(start + length),
      pitch,
      volume: [{ time, value: 12 }],
      duty: [{ time, value: 2 }],
    };
  });
  return {
    title: tune.title,
    tempo: {
      beatsPerMinute: tune.beatsPerMinute,
      firstBeat: tick(0),
      origin: 'given',
      confidence: 1,
    },
    meter: { ...tune.meter, origin: 'given' },
    voices: { pulse1, pulse2: [], triangle: [], noise: [] },
    duration: tick(tune.end),
  };
}
