const PITCH_NAMES = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'];

/** The name of a MIDI note number with its octave: 60 is C4. */
export function pitchName(pitch: number): string {
  return `${PITCH_NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
}

/** The pitch moved by octaves into lowest..highest, which must span an octave. */
export function foldInto(pitch: number, lowest: number, highest: number): number {
  let folded = pitch;
  while (folded < lowest) folded += 12;
  while (folded > highest) folded -= 12;
  return folded;
}

/** Semitones of the note letters above C. */
export const LETTER_SEMITONES: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
/** Semitones of the marks in front of a note (`^ _ =`) and behind a name (`# b`). */
export const ACCIDENTALS: Readonly<Record<string, number>> = { '^': 1, _: -1, '=': 0, '#': 1, b: -1, '': 0 };
/** The order in which key signatures gain sharps; flats come from its end. */
export const SHARPS = 'FCGDAEB';
