/** Ticks a second of every time in this project: one tick is one sample at 44.1 kHz, as in NES-MDB and VGM. */
export const TICKS_PER_SECOND = 44_100;

/** The four voices of the 2A03 that play notes. */
export const VOICE_NAMES = ['pulse1', 'pulse2', 'triangle', 'noise'] as const;
export type VoiceName = (typeof VOICE_NAMES)[number];

/** What a voice can play, and the greatest value of its notes' `duty`. */
export interface VoiceRange {
  readonly lowestPitch: number;
  readonly highestPitch: number;
  readonly highestDuty: number;
}

const PULSE_RANGE: VoiceRange = { lowestPitch: 33, highestPitch: 108, highestDuty: 3 };

/** What the chip's registers allow, in the units of `Note`. */
export const VOICE_RANGES: Readonly<Record<VoiceName, VoiceRange>> = {
  pulse1: PULSE_RANGE,
  pulse2: PULSE_RANGE,
  triangle: { lowestPitch: 21, highestPitch: 108, highestDuty: 0 },
  noise: { lowestPitch: 1, highestPitch: 16, highestDuty: 1 },
};

/** A value that holds from `time` (ticks from the start of the score) until the next change. */
export interface Change {
  readonly time: number;
  readonly value: number;
}

/** One note of one voice. Notes of a voice never overlap. */
export interface Note {
  /** Ticks from the start of the score; integer, >= 0. */
  readonly start: number;
  /** First tick at which the note no longer sounds; integer, > start. */
  readonly end: number;
  /**
   * MIDI note number within VOICE_RANGES. Noise: 16 - period index, so that higher means brighter (NES-MDB's
   * numbering).
   */
  readonly pitch: number;
  /**
   * Loudness 0..15 over time. The first change is at `start`; times rise strictly and stay below `end`.
   * The triangle has no volume register: its notes carry the single value 15.
   */
  readonly volume: readonly Change[];
  /**
   * Pulses: duty 0..3 (12.5, 25, 50, 75 %). Noise: 0 long, 1 short (metallic) sequence. Triangle: the single value 0.
   */
  readonly duty: readonly Change[];
}

/** What the driver needs to play: the notes of each voice, sorted by start, and the length of the piece in ticks. */
export interface Score {
  readonly voices: Readonly<Record<VoiceName, readonly Note[]>>;
  readonly duration: number;
  /** Whether it goes on from its start after the end. */
  readonly loops?: boolean | undefined;
}
