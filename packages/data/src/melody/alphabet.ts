/** Magenta's melody alphabet: an event is a step of the grid. Pitches are MIDI note numbers. */
export const NO_EVENT = -2;
export const NOTE_OFF = -1;

/** The events of one melody, one a step: NO_EVENT (go on), NOTE_OFF, or the pitch of a note that starts. */
export type Melody = number[];

/** Lowest pitch of the alphabet, and the first above it. */
export const MIN_NOTE = 48;
export const MAX_NOTE = 84;
/** NO_EVENT and NOTE_OFF. */
export const SPECIAL_EVENTS = 2;
/** 2 special events and 36 pitches. */
export const CLASSES = SPECIAL_EVENTS + MAX_NOTE - MIN_NOTE;

/** Class of a melody event: 0 no event, 1 note-off, 2.. the pitches from MIN_NOTE. */
export function classOf(event: number): number {
  return event < 0 ? event + SPECIAL_EVENTS : event - MIN_NOTE + SPECIAL_EVENTS;
}

/** Melody event of a class 0..CLASSES - 1. */
export function eventOf(classIndex: number): number {
  return classIndex < SPECIAL_EVENTS ? classIndex - SPECIAL_EVENTS : classIndex - SPECIAL_EVENTS + MIN_NOTE;
}
