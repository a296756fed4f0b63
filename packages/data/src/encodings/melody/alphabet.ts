/** Magenta's melody alphabet: an event is a step of the grid. Pitches are MIDI note numbers. */
export const NO_EVENT = -2;
export const NOTE_OFF = -1;

/** The events of one melody, one a step: NO_EVENT (go on), NOTE_OFF, or the pitch of a note that starts. */
export type Melody = number[];

/** NO_EVENT and NOTE_OFF. */
export const SPECIAL_EVENTS = 2;

/** How melody events become classes: 0 no event, 1 note-off, 2.. the pitches from `minNote` up to below `maxNote`. */
export interface MelodyAlphabet {
  readonly minNote: number;
  /** The first pitch above the range. */
  readonly maxNote: number;
  readonly classes: number;
  /** Class of a melody event whose pitch is in range. */
  classOf(event: number): number;
  /** Melody event of a class 0..classes - 1. */
  eventOf(classIndex: number): number;
}

export function createMelodyAlphabet(minNote: number, maxNote: number): MelodyAlphabet {
  return {
    minNote,
    maxNote,
    classes: SPECIAL_EVENTS + maxNote - minNote,
    classOf: (event) => (event < 0 ? event + SPECIAL_EVENTS : event - minNote + SPECIAL_EVENTS),
    eventOf: (classIndex) =>
      classIndex < SPECIAL_EVENTS ? classIndex - SPECIAL_EVENTS : classIndex - SPECIAL_EVENTS + minNote,
  };
}

/** Basic, Lookback and Attention RNN: three octaves, 38 classes. */
export const BASIC_ALPHABET = createMelodyAlphabet(48, 84);
/** Mono RNN: every MIDI pitch, 130 classes. */
export const MONO_ALPHABET = createMelodyAlphabet(0, 128);
/** MusicVAE: the piano's 88 pitches, 90 classes. */
export const PIANO_ALPHABET = createMelodyAlphabet(21, 109);
