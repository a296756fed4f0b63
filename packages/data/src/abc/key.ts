import { ACCIDENTALS, LETTER_SEMITONES, SHARPS } from '../corpus/pitch-names.ts';

/** Fifths below the major key of the same tonic. */
const MODES: Readonly<Record<string, number>> = {
  maj: 0,
  ion: 0,
  '': 0,
  mix: 1,
  dor: 2,
  m: 3,
  min: 3,
  aeo: 3,
  phr: 4,
  loc: 5,
  lyd: -1,
};

/**
 * Sharps (positive) or flats (negative) of a `K:` field such as `G`, `Am`, `D dorian`, `Bb`, `HP`; undefined if it names no key.
 * Accidentals and clefs written behind the mode are not looked at.
 */
export function fifthsOf(field: string): number | undefined {
  const text = field.trim();
  if (text === '' || /^none\b/i.test(text)) return 0;
  if (/^H[Pp]\b/.test(text)) return 2;
  const found = /^([A-G])([#b]?)\s*([A-Za-z]*)/.exec(text);
  if (!found) return undefined;
  const [, letter, accidental, word] = found;
  const mode = /^(clef|treble|bass|alto|tenor|exp)/.test(word) ? '' : word.toLowerCase();
  const below = MODES[mode] ?? MODES[mode.slice(0, 3)];
  const fifths = SHARPS.indexOf(letter) - 1 + 7 * ACCIDENTALS[accidental] - (below ?? 0);
  return below === undefined || Math.abs(fifths) > 7 ? undefined : fifths;
}

/** What the key signature does to a letter: 1 sharp, -1 flat, 0 nothing. */
export function signatureShift(letter: string, fifths: number): number {
  const order = SHARPS.indexOf(letter);
  if (fifths > order) return 1;
  return -fifths > 6 - order ? -1 : 0;
}

/** MIDI note number of a letter without accidental: C is 60, c 72; octave marks move by 12. */
export function naturalPitch(letter: string, octaveMarks: string): number {
  const octave = [...octaveMarks].reduce((sum, mark) => sum + (mark === ',' ? -1 : 1), letter < 'a' ? 0 : 1);
  return 60 + 12 * octave + LETTER_SEMITONES[letter.toUpperCase()];
}
