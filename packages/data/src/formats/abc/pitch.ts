import { LETTER_SEMITONES } from '../../pitch.ts';
import { shiftOf } from './key.ts';

/**
 * Semitones, with fractions, of the accidental before a note: `^^`, `_`, `=`, and of microtones a number of semitones
 * behind the sign (`^3/4`, `_3/2`), where `/` alone is half of one.
 */
export function accidentalOf(marks: string): number {
  const [, sign, numerator, slash, denominator] = /^([\^_])(\d*)(?:(\/)(\d*))?$/.exec(marks) ?? [];
  if (sign === undefined) return shiftOf(marks);
  const divisor = slash === undefined ? 1 : Number(denominator) || 2;
  return (shiftOf(sign) * (numerator === '' ? 1 : Number(numerator))) / divisor;
}

/** MIDI note number of a letter without accidental: C is 60, c 72; octave marks move by 12. */
export function naturalPitch(letter: string, octaveMarks: string): number {
  const octave = [...octaveMarks].reduce((sum, mark) => sum + (mark === ',' ? -1 : 1), letter < 'a' ? 0 : 1);
  return 60 + 12 * octave + LETTER_SEMITONES[letter.toUpperCase()];
}
