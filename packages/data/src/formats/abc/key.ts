import { ACCIDENTALS, SHARPS } from '../../pitch.ts';

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

/** What may stand behind a key, or alone to leave it as it is: how the staff is printed and sounds. */
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
 * The key of a `K:` field such as `G`, `Am`, `D dorian`, `Bb`, `HP`, with accidentals of its own (`D =c`; after `exp`
 * no others count). How the staff sounds (`octave=`, clefs) is not looked at; see transpositionOf.
 *
 * @param before the key that a field with nothing but a clef leaves as it is
 * @returns undefined if the field names no key
 */
export function keyOf(field: string, before: AbcKey): AbcKey | undefined {
  const text = field.trim().replaceAll('♯', '#').replaceAll('♭', 'b');
  if (STAFF.test(text)) return before;
  if (text === '' || /^none\b/i.test(text)) return NO_KEY;
  if (/^[\^_=]/.test(text)) return { name: undefined, shifts: withAccidentals(new Map(), text) };
  const [, tonic, accidental, space, word, more] =
    /^([A-Ga-g])([#b]?)(\s*)([A-Za-z]*)(.*)$/.exec(text.replace(/^H[Pp]\b/, 'D')) ?? [];
  if (tonic === undefined) return undefined;
  const letter = tonic.toUpperCase();
  const isExplicit = /^exp/i.test(word);
  const mode = isExplicit || STAFF.test(word + more) ? '' : word === 'M' ? 'maj' : word.toLowerCase();
  // A word of no meaning leaves the key major, but Gypsy is not G.
  const [below, name] = MODES[mode] ?? MODES[mode.slice(0, 3)] ?? (space === '' ? [] : MODES['']);
  if (below === undefined) return undefined;
  const fifths = SHARPS.indexOf(letter) - 1 + 7 * ACCIDENTALS[accidental] - below;
  const signature = new Map([...SHARPS].map((one) => [one, isExplicit ? 0 : signatureShift(one, fifths)]));
  return { name: `${letter}${accidental} ${name}`, shifts: withAccidentals(signature, more) };
}

/**
 * What a key signature does to a letter: 1 sharp, -1 flat, 0 nothing. From the eighth fifth on (G# major) letters get a
 * second sharp or flat.
 */
function signatureShift(letter: string, fifths: number): number {
  return Math.floor((fifths - 1 - SHARPS.indexOf(letter)) / 7) + 1;
}

function withAccidentals(shifts: ReadonlyMap<string, number>, text: string): ReadonlyMap<string, number> {
  const found = [...text.matchAll(/(\^\^?|__?|=)([A-Ga-g])/g)];
  const own = found.map(([, marks, letter]) => [letter.toUpperCase(), shiftOf(marks)] as const);
  return new Map([...shifts, ...own]);
}

/** Semitones of the accidentals before a note: `^^`, `_`, `=`. */
export function shiftOf(marks: string): number {
  return [...marks].reduce((sum, mark) => sum + ACCIDENTALS[mark], 0);
}
