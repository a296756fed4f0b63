/** What a voice plays. */
export interface VoiceState {
  /** Pulses and triangle: the timer's period, 0..2047, after sweeps. Noise: the period index, 0..15. */
  readonly period: number;
  /** As heard, 0..15: 0 where a counter, the sweep unit or $4015 silences the channel. The triangle has 15 or 0. */
  readonly volume: number;
  /** Pulses 0..3; noise 1 for the short sequence; triangle 0. */
  readonly duty: number;
}
