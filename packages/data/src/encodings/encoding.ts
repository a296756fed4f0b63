import { VOICE_NAMES, type VoiceName } from '@chipsmith/apu';
import type { Meter, Song } from '../song.ts';

/** What a sequence tells of: one voice, or all four together. */
export const SEQUENCE_VOICES = [...VOICE_NAMES, 'all'] as const;
export type SequenceVoice = (typeof SEQUENCE_VOICES)[number];

/** One sequence of events that a model learns from: class numbers, 0..classes - 1. */
export interface EncodedSequence {
  readonly voice: SequenceVoice;
  readonly events: Uint16Array;
  /** Semitones that the encoding moved the music up by, as those do that bring all into C; 0 if left out. */
  readonly transposition?: number;
  /** Events of a bar, where each is a step of the grid and the first one begins a bar. Else missing. */
  readonly bar?: number | undefined;
}

/** What an encoding made of a song: sequences, and the voices that have notes but gave no sequence, with the reason. */
export interface Encoded {
  readonly sequences: readonly EncodedSequence[];
  readonly dropped: readonly { readonly voice: VoiceName; readonly reason: string }[];
}

/** How sampled events become a song again. */
export interface DecodeOptions {
  readonly title: string;
  /** Quarter notes a minute; 120 if left out. */
  readonly beatsPerMinute?: number;
  /** That of the sequence which the events go on from: the song gets its key. 0 if left out. */
  readonly transposition?: number;
  /** Of encodings on a tempo's grid; 4/4 if left out. */
  readonly meter?: Pick<Meter, 'beats' | 'unit'> | undefined;
}

/**
 * How a song becomes sequences of events and back. It owns its alphabet, its grammar and its version: a dataset or
 * checkpoint made with another version must not be mixed with this one.
 *
 * encode(decode(events)) gives the same events for every sequence that encode gave, or an encoding says where not.
 */
export interface Encoding {
  readonly name: string;
  /** Rises whenever the same song would give other events. */
  readonly version: number;
  /** Size of the alphabet. */
  readonly classes: number;
  /** Events in a bar of 4/4: where an event is a step of the grid its steps, elsewhere the typical number. */
  readonly stepsPerBar: number;
  /** Quarter notes a minute at which `barsOf` counts, where events measure seconds and not steps of a grid. */
  readonly typicalTempo?: number;
  /** The voices that decoding fills. An arranger may add the others. */
  readonly voices: readonly VoiceName[];
  /** Whether it brings all music into C major, or A minor, as `EncodedSequence.transposition` tells. */
  readonly inC?: boolean;
  /** Whether it takes the times of songs as they were read, to the sample; else on video frames. */
  readonly exactTimes?: boolean;
  /** Sequences of a song with a tempo, given or estimated; see withEstimatedTiming, and `exactTimes`. */
  encode(song: Song): Encoded;
  /**
   * The same for sampling to go on from: one sequence a voice, however short it is or long it rests. `encode` if left
   * out.
   */
  encodePrimer?(song: Song): Encoded;
  /**
   * A melody of these MIDI note numbers, one event each: what sampling can start from.
   *
   * @throws DataError out of range
   */
  encodePitches(pitches: readonly number[]): number[];
  /** @throws DataError if an event is not a class of this encoding */
  decode(events: ArrayLike<number>, options: DecodeOptions): Song;
  /** Entry n tells whether class n may follow `previous`, or may come first where that is undefined. */
  allowedAfter(previous: number | undefined): readonly boolean[];
  /**
   * Time that passes with an event, in bars of 4/4; at `typicalTempo` where the encoding measures seconds.
   *
   * @param previous the event before it; undefined of the first one
   */
  barsOf(event: number, previous: number | undefined): number;
  /** MIDI note numbers of the notes that an event starts; none of noise, whose pitches are no note numbers. */
  pitchesOf(event: number): readonly number[];
  /** Whether the music is over with an event; it never is if left out. */
  isEnd?(event: number): boolean;
  /** An event in words, for logs and error messages. */
  describe(event: number): string;
  /** The same music under the published tool's own rules, straight from the file: what a report compares with. */
  readonly naive?: { readonly description: string; encode(song: Song): Encoded };
}
