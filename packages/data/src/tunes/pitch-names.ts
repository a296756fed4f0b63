/** Semitones of the note letters above C. */
export const LETTER_SEMITONES: Readonly<Record<string, number>> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
/** Semitones of the marks in front of a note (`^ _ =`) and behind a name (`# b`). */
export const ACCIDENTALS: Readonly<Record<string, number>> = { '^': 1, _: -1, '=': 0, '#': 1, b: -1, '': 0 };
/** The order in which key signatures gain sharps; flats come from its end. */
export const SHARPS = 'FCGDAEB';
