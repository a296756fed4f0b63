import { ACCIDENTALS, LETTER_SEMITONES, SHARPS } from '../corpus/pitch-names.ts';

/** Fifths below the major key of the same tonic, and the mode's name. */
const MODES: Readonly<Record<string, readonly [below: number, name: string]>> = {
  '': [0, 'major'],
  maj: [0, 'major'],
  ion: [0, 'major'],
  mix: [1, 'mixolydian'],
  dor: [2, 'dorian'],
  m: [3, 'minor'],
  min: [3, 'minor'],
  aeo: [3, 'minor'],
  phr: [4, 'phrygian'],
  loc: [5, 'locrian'],
  lyd: [-1, 'lydian'],
};

/** What may stand behind a key, or alone to leave it as it is: how the staff is printed. */
const STAFF = /^(clef|treble|alto|tenor|bass|perc|middle|m=|transpose|t=|octave|stafflines|staffscale|style)/;

export interface AbcKey {
  /** Such as `A minor` or `D dorian`; undefined where no tonic is named. */
  readonly name: string | undefined;
  /** Semitones that each letter, A to G, is moved by. */
  readonly shifts: ReadonlyMap<string, number>;
}

/** Of `K:none`, and before any `K:`. */
export const NO_KEY: AbcKey = { name: undefined, shifts: new Map() };

/**
 * The key of a `K:` field such as `G`, `Am`, `D dorian`, `Bb`, `HP`, with accidentals of its own (`D =c`; after `exp` no others
 * count). Clefs are not looked at, nor is `transpose`.
 *
 * @param before the key that a field with nothing but a clef leaves as it is
 * @returns undefined if the field names no key
 */
export function keyOf(field: string, before: AbcKey): AbcKey | undefined {
  const text = field.trim();
  if (STAFF.test(text)) return before;
  if (text === '' || /^none\b/i.test(text)) return NO_KEY;
  const [, letter, accidental, word, more] =
    /^([A-G])([#b]?)\s*([A-Za-z]*)(.*)$/.exec(text.replace(/^H[Pp]\b/, 'D')) ?? [];
  if (letter === undefined) return undefined;
  const isExplicit = /^exp/.test(word);
  const mode = isExplicit || STAFF.test(word + more) ? '' : word.toLowerCase();
  const [below, name] = MODES[mode] ?? MODES[mode.slice(0, 3)] ?? [];
  if (below === undefined) return undefined;
  const fifths = SHARPS.indexOf(letter) - 1 + 7 * ACCIDENTALS[accidental] - below;
  if (Math.abs(fifths) > 7) return undefined;
  const shifts = new Map([...SHARPS].map((one) => [one, isExplicit ? 0 : signatureShift(one, fifths)]));
  for (const [, marks, one] of more.matchAll(/(\^\^?|__?|=)([A-Ga-g])/g)) shifts.set(one.toUpperCase(), shiftOf(marks));
  return { name: `${letter}${accidental} ${name}`, shifts };
}

/** Semitones of the accidentals before a note: `^^`, `_`, `=`. */
export function shiftOf(marks: string): number {
  return [...marks].reduce((sum, mark) => sum + ACCIDENTALS[mark], 0);
}

/** What a key signature does to a letter: 1 sharp, -1 flat, 0 nothing. */
function signatureShift(letter: string, fifths: number): number {
  const order = SHARPS.indexOf(letter);
  if (fifths > order) return 1;
  return -fifths > 6 - order ? -1 : 0;
}

/** MIDI note number of a letter without accidental: C is 60, c 72; octave marks move by 12. */
export function naturalPitch(letter: string, octaveMarks: string): number {
  const octave = [...octaveMarks].reduce((sum, mark) => sum + (mark === ',' ? -1 : 1), letter < 'a' ? 0 : 1);
  return 60 + 12 * octave + LETTER_SEMITONES[letter.toUpperCase()];
}
